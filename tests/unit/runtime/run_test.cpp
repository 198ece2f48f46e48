// run(): what it returns, what it leaves behind, and that it may be called again.
#include <gtest/gtest.h>
#include <sys/single_threaded.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/policy.h"
#include "tests/unit/runtime/token.h"

namespace fiber {
namespace {

using namespace std::chrono_literals;
using internal::Token;

TEST(Run, OtherFibersAreStoppedWhenTheMainFiberReturns) {
  static std::atomic<int> steps{0};
  static Token never;
  static Token after;
  for (unsigned procs : {1u, 4u}) {
    steps = 0;
    run(
        [] {
          for (int i = 0; i < 10; ++i) {
            go([] {
              for (;;) {
                ++steps;
                yield();
              }
            });
          }
          go([] { never.take(); });
          go([] { sleep_for(1h); });
          for (int i = 0; i < 100; ++i) yield();
        },
        {.procs = procs});
    const int seen = steps;
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(steps, seen);
    never.put();  // whom it would wake belongs to a run that has ended
    run([] {
      after.put();
      after.take();
    });
    EXPECT_EQ(steps, seen);
  }
}

TEST(Run, ReturnsWhatTheFunctionReturns) {
  EXPECT_EQ(run([] { return 7; }), 7);
  EXPECT_EQ(run([] {}), 0);
}

TEST(Run, NoTwoFibersOfAProcessHaveTheSameId) {
  uint64_t last = 0;
  for (int i = 0; i < 2; ++i) {
    run([&last] {
      const uint64_t main = this_fiber::id();
      EXPECT_GT(main, last);
      auto a = spawn([] { return this_fiber::id(); });
      auto b = spawn([] { return this_fiber::id(); });
      EXPECT_EQ(a.id(), main + 1);
      EXPECT_EQ(a.join(), main + 1);
      EXPECT_EQ(b.join(), main + 2);
      last = main + 2;
    });
  }
  EXPECT_EQ(this_fiber::id(), 0u);
}

TEST(Run, OneProcessorAndASeedGiveTheSameChoices) {
  const auto choices = [](uint64_t seed) {
    std::vector<uint64_t> result;
    run(
        [&] {
          for (int i = 0; i < 10; ++i) result.push_back(internal::random());
        },
        {.procs = 1, .seed = seed});
    return result;
  };
  EXPECT_EQ(choices(5), choices(5));
  EXPECT_NE(choices(5), choices(6));
}

TEST(Run, ProcessCountsAsMultiThreadedBeforeTheFirstFiber) {
  run([] { EXPECT_FALSE(__libc_single_threaded); }, {.procs = 1});
}

TEST(Run, FromAnotherThreadAndManyTimes) {
  std::thread([] {
    for (int i = 0; i < 200; ++i) EXPECT_EQ(run([i] { return i; }, {.procs = 3}), i);
  }).join();
}

TEST(Policy, ChooseIsUniformEnough) {
  int counts[7] = {};
  for (int i = 0; i < 70'000; ++i) ++counts[internal::choose(internal::Choice::kSelectCase, 7)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 600);
}

}  // namespace
}  // namespace fiber
