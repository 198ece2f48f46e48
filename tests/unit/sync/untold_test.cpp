// A fiber that is woken as in a hand-over, with no other processor told of it, while its
// waker goes on computing: the monitor finds it (runtime/policy.h, tells_of_lonely).
#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

namespace {

using std::chrono::steady_clock;

TEST(Untold, IsFoundWhileItsWakerComputes) {
  std::vector<steady_clock::duration> waits;
  fiber::run(
      [&] {
        constexpr int kTrials = 20;
        constexpr int kHandOvers = 5000;
        fiber::Semaphore there(0);
        fiber::Semaphore back(0);
        std::atomic<int> ran{0};
        auto other = fiber::spawn([&] {
          for (int trial = 0; trial < kTrials; ++trial) {
            for (int i = 0; i < kHandOvers; ++i) {
              there.acquire();
              back.release();
            }
            there.acquire();
            ++ran;
          }
        });
        for (int trial = 0; trial < kTrials; ++trial) {
          for (int i = 0; i < kHandOvers; ++i) {
            there.release();
            back.acquire();
          }
          const auto start = steady_clock::now();
          there.release();
          while (ran.load() == trial) {  // no poll, no park: only another processor can run it
          }
          waits.push_back(steady_clock::now() - start);
        }
        other.join();
      },
      {.procs = 2});
  // A processor is taken from a thread that does not answer after 20 ms at the earliest. A busy
  // machine may make most waits as long, hence a quarter of them.
  std::sort(waits.begin(), waits.end());
  EXPECT_LT(waits[waits.size() / 4], std::chrono::milliseconds(10));
}

}  // namespace
