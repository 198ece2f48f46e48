// Blocking calls: the processor goes to others, comes back, and the run ends without them.
#include "fiber/blocking.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include "fiber/channel.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/scheduler.h"
#include "runtime/worker_threads.h"

namespace fiber {
namespace {

using namespace std::chrono_literals;

class Blocking : public testing::TestWithParam<unsigned> {
 protected:
  template <typename F>
  void in_run(F function) {
    EXPECT_EQ(run(function, Options{.procs = GetParam()}), 0);
    EXPECT_EQ(internal::scheduler.idle.spinning(), 0u);
    EXPECT_EQ(internal::scheduler.idle.available(), 0u);
    EXPECT_EQ(internal::scheduler.idle.detached(), 0u);
  }
};

TEST_P(Blocking, ResultsReferencesAndExceptionsPassThrough) {
  in_run([] {
    int value = 0;
    EXPECT_EQ(blocking([] { return 7; }), 7);
    int& reference = blocking([&]() -> int& { return value; });
    EXPECT_EQ(&reference, &value);
    auto moved = blocking([] { return std::make_unique<int>(3); });
    EXPECT_EQ(*moved, 3);
    blocking([&] { value = 5; });
    EXPECT_EQ(value, 5);
    EXPECT_THROW(blocking([] { throw std::runtime_error("x"); }), std::runtime_error);
    EXPECT_EQ(blocking([] { return blocking([] { return 1; }); }), 1);
  });
  EXPECT_EQ(blocking([] { return 7; }), 7);  // outside of fibers
}

TEST_P(Blocking, ErrnoPassesThroughAlsoOnAnotherThread) {
  in_run([] {
    std::vector<Handle<void>> handles;
    for (int i = 1; i < 20; ++i) {
      handles.push_back(spawn([i] {
        for (int k = 0; k < 50; ++k) {
          blocking([i] { errno = i; });
          ASSERT_EQ(*[]() __attribute__((noinline)) { return &errno; }(), i);
          yield();
        }
      }));
    }
    for (auto& handle : handles) handle.join();
  });
}

// Each waits for the one before on a thing that blocks threads.
TEST_P(Blocking, OthersRunMeanwhile) {
  in_run([] {
    constexpr int kFibers = 40;
    std::vector<std::binary_semaphore> turns;
    std::vector<std::unique_ptr<std::binary_semaphore>> turn;
    for (int i = 0; i <= kFibers; ++i) turn.push_back(std::make_unique<std::binary_semaphore>(0));
    std::vector<Handle<void>> handles;
    std::atomic<int> in_calls{0};
    for (int i = 0; i < kFibers; ++i) {
      handles.push_back(spawn([&, i] {
        blocking([&] {
          ++in_calls;
          turn[static_cast<size_t>(i) + 1]->acquire();
        });
        turn[static_cast<size_t>(i)]->release();
      }));
    }
    go([&] {
      while (in_calls != kFibers) yield();  // each on a thread of its own
      turn[kFibers]->release();
    });
    blocking([&] { turn[0]->acquire(); });
    for (auto& handle : handles) handle.join();
    EXPECT_GT(internal::worker_threads.count(), static_cast<unsigned>(kFibers));
  });
}

TEST_P(Blocking, TimersFireMeanwhile) {
  in_run([] {
    std::binary_semaphore done(0);
    go([&] {
      sleep_for(3ms);
      done.release();
    });
    yield();
    blocking([&] { done.acquire(); });
    // Armed before the call, due long after it began.
    auto later = spawn([&] {
      sleep_for(30ms);
      done.release();
    });
    yield();
    blocking([&] { done.acquire(); });
    later.join();
  });
}

// All calls return at once and find other fibers on the processors.
TEST_P(Blocking, ReturnsWhenNoProcessorIsFree) {
  in_run([] {
    constexpr int kFibers = 30;
    std::counting_semaphore<kFibers> gate(0);
    std::atomic<int> inside{0};
    std::atomic<int> finished{0};
    std::vector<Handle<void>> handles;
    for (int i = 0; i < kFibers; ++i) {
      handles.push_back(spawn([&] {
        blocking([&] {
          ++inside;
          gate.acquire();
        });
        ++finished;
      }));
    }
    while (inside < kFibers) yield();
    for (unsigned i = 0; i < 2 * processors(); ++i) {
      handles.push_back(spawn([&] {
        while (finished < kFibers) yield();
      }));
    }
    gate.release(kFibers);
    for (auto& handle : handles) handle.join();
  });
}

TEST_P(Blocking, ManyShortCalls) {
  in_run([] {
    std::atomic<int> sum{0};
    std::vector<Handle<void>> handles;
    for (int i = 0; i < 8; ++i) {
      handles.push_back(spawn([&] {
        for (int k = 0; k < 3000; ++k) {
          blocking([&] { sum.fetch_add(1); });
          if (k % 16 == 0) yield();
        }
      }));
    }
    for (auto& handle : handles) handle.join();
    EXPECT_EQ(sum, 24'000);
  });
}

TEST_P(Blocking, AWaitInsideEndsTheCall) {
  in_run([] {
    Channel<int> channel;
    auto other = spawn([&] {
      for (int i = 0; i < 100; ++i) channel.send(i);
    });
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(blocking([&] { return channel.receive(); }), i);
    }
    other.join();
    auto leaves = spawn([] { blocking([] { exit_fiber(); }); });
    leaves.join();
  });
}

// run() returns while fibers are in blocking calls, the next run goes on beside them, and the
// threads end when the calls do.
TEST_P(Blocking, TheEndOfARunDoesNotWait) {
  static std::counting_semaphore<100> gate(0);
  static std::atomic<int> inside;
  static std::atomic<int> continued;
  inside = continued = 0;
  const uint32_t before = internal::worker_threads.count();
  for (int round = 0; round < 3; ++round) {
    in_run([&] {
      const int target = inside + 10;
      for (int i = 0; i < 10; ++i) {
        go([] {
          blocking([] {
            ++inside;
            gate.acquire();
          });
          ++continued;
        });
      }
      while (inside < target) yield();
    });
  }
  EXPECT_GE(internal::worker_threads.count(), before + 30);
  gate.release(30);
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (internal::worker_threads.count() != before && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(internal::worker_threads.count(), before);
  EXPECT_EQ(continued, 0);
}

// The main fiber blocks first: the thread of run()'s caller is not the one that waits.
TEST_P(Blocking, TheMainFiberMovesToAnotherThread) {
  const auto caller = std::this_thread::get_id();
  in_run([&] { EXPECT_NE(blocking([] { return std::this_thread::get_id(); }), caller); });
}

INSTANTIATE_TEST_SUITE_P(Processors, Blocking, testing::Values(1u, 2u, 4u, 16u));

// Not announced: the monitor notices.
class Unannounced : public testing::TestWithParam<unsigned> {};

TEST_P(Unannounced, AFiberInASystemCallLosesItsProcessor) {
  run(
      [] {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        std::vector<Handle<void>> others;
        for (unsigned i = 1; i < processors(); ++i) {
          others.push_back(spawn([&] {
            char byte = 0;
            ASSERT_EQ(read(ends[0], &byte, 1), 1);
          }));
        }
        go([&] {
          const std::vector<char> bytes(processors());
          ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        });
        char byte = 1;
        ASSERT_EQ(read(ends[0], &byte, 1), 1);
        for (auto& other : others) other.join();
        close(ends[0]);
        close(ends[1]);
      },
      {.procs = GetParam()});
}

TEST_P(Unannounced, AFiberThatComputesWithoutPollsLosesItsProcessor) {
  run(
      [] {
        std::atomic<bool> flag{false};
        std::atomic<int> ended{0};
        for (unsigned i = 1; i < processors(); ++i) {
          go([&] {
            while (!flag) {
            }
            ++ended;
          });
        }
        go([&] {
          sleep_for(1ms);
          flag = true;
        });
        while (!flag) {
        }
        // Without a processor: what it starts goes through the global queue.
        auto child = spawn([] { return 3; });
        EXPECT_EQ(child.join(), 3);
        while (ended != static_cast<int>(processors()) - 1) yield();
      },
      {.procs = GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Processors, Unannounced, testing::Values(1u, 2u, 4u));

TEST(BlockingDeathTest, NoDeadlockWhileACallIsOnAndOneAfterwards) {
  // A new process has the threads that the deadlock check expects, a forked one has not
  // (ThreadSanitizer's).
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run(
                  [] {
                    go([] { blocking([] { usleep(30'000); }); });
                    Channel<int>().receive();
                  },
                  {.procs = 2}),
              testing::ExitedWithCode(2), "all fibers are asleep");
}

}  // namespace
}  // namespace fiber
