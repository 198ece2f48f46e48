// What goes wrong in schedulers, under load: with 1 to 64 processors on whatever CPUs there are.
// A wake-up that is lost ends in the report of a global deadlock, or in the time limit.
//
//   FIBER_STRESS=50 unit_runtime_stress     so many times more of everything (10 million spawns)
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fiber/blocking.h"
#include "fiber/channel.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "fiber/time.h"
#include "fiber/wait_group.h"

namespace fiber {
namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kShare = 10;  // of the work: everything is as much slower
#else
constexpr int kShare = 1;
#endif

int times(int count) {
  static const int factor = [] {
    const char* text = std::getenv("FIBER_STRESS");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
  }();
  return std::max(1, count / kShare) * factor;
}

class Stress : public testing::TestWithParam<unsigned> {
 protected:
  template <typename F>
  void run_it(F function) {
    run(function, {.procs = GetParam()});
  }
};
INSTANTIATE_TEST_SUITE_P(Processors, Stress, testing::Values(1, 2, 3, 4, 8, 64),
                         [](const auto& info) { return std::to_string(info.param); });

// All but one worker are about to fall asleep, all the time.
TEST_P(Stress, OneTokenAmongManyFibers) {
  run_it([] {
    constexpr int kFibers = 16;
    const int rounds = times(200);
    std::vector<Channel<int>> links(kFibers);
    WaitGroup all;
    for (int i = 0; i < kFibers; ++i) {
      all.go([&, i] {
        for (int round = 0; round < rounds; ++round) {
          const int token = *links[i].receive();
          if (i + 1 < kFibers || round + 1 < rounds) links[(i + 1) % kFibers].send(token + 1);
        }
      });
    }
    links[0].send(0);
    all.wait();
  });
}

// Bursts that wake more than there are workers, then nothing.
TEST_P(Stress, BurstsAndSilence) {
  run_it([] {
    for (int burst = 0; burst < times(100); ++burst) {
      WaitGroup ready;
      Semaphore gate(0);
      std::atomic<int> through{0};
      for (int i = 0; i < 40; ++i) {
        ready.go([&] {
          gate.acquire();
          ++through;
          if (through % 3 == 0) yield();
        });
      }
      for (int i = 0; i < 40; ++i) gate.release();
      ready.wait();
      ASSERT_EQ(through, 40);
      if (burst % 10 == 0) sleep_for(std::chrono::microseconds(100));
    }
  });
}

TEST_P(Stress, CallsThatBlockAmongFibersThatRun) {
  run_it([] {
    WaitGroup all;
    std::atomic<int> done{0};
    for (int i = 0; i < 8; ++i) {
      all.go([&] {
        for (int k = 0; k < times(20); ++k) {
          blocking([] { std::this_thread::sleep_for(std::chrono::microseconds(50)); });
          ++done;
          yield();
        }
      });
      all.go([] {
        for (int k = 0; k < times(200); ++k) spawn([] { yield(); }).join();
      });
    }
    all.wait();
    EXPECT_EQ(done, 8 * times(20));
  });
}

__attribute__((noinline)) std::thread::id this_thread_id() {
  asm volatile("");
  return std::this_thread::get_id();
}

// Caught exceptions, nested and rethrown, follow the fiber to whatever thread it goes on.
TEST_P(Stress, ExceptionsAcrossThreads) {
  std::atomic<int> moved{0};
  run_it([&moved] {
    WaitGroup all;
    for (int i = 0; i < 32; ++i) {
      all.go([i, &moved] {
        for (int k = 0; k < times(50); ++k) {
          const std::string text = std::to_string(i) + "/" + std::to_string(k);
          const std::thread::id before = this_thread_id();
          try {
            try {
              throw std::runtime_error(text);
            } catch (const std::exception&) {
              yield();
              try {
                throw i;
              } catch (int inner) {
                yield();
                EXPECT_EQ(inner, i);
              }
              yield();
              moved += this_thread_id() != before ? 1 : 0;
              throw;
            }
          } catch (const std::runtime_error& error) {
            yield();
            EXPECT_EQ(error.what(), text);
            EXPECT_EQ(std::uncaught_exceptions(), 0);
          }
          EXPECT_EQ(std::current_exception(), nullptr);
        }
      });
    }
    all.wait();
  });
  if (GetParam() == 1) EXPECT_EQ(moved, 0);
}

// A mutex, a condition, sleepers, threads outside, all at once.
TEST_P(Stress, EverythingAtOnce) {
  run_it([] {
    Mutex mutex;
    ConditionVariable changed;
    int turn = 0;
    Channel<int> outside(8);
    std::thread stranger([&outside] {
      for (int k = 0; k < times(100); ++k) {
        while (!outside.try_send(k)) std::this_thread::yield();
      }
    });
    WaitGroup all;
    for (int i = 0; i < 4; ++i) {
      all.go([&, i] {
        for (int k = 0; k < times(50); ++k) {
          std::unique_lock lock(mutex);
          changed.wait(lock, [&] { return turn % 4 == i; });
          ++turn;
          changed.notify_all();
        }
      });
      all.go([] {
        for (int k = 0; k < times(20); ++k) sleep_for(std::chrono::microseconds(10 * (k % 7)));
      });
    }
    int64_t sum = 0;
    for (int k = 0; k < times(100); ++k) {
      std::optional<int> got;
      while (!got) {
        got = outside.try_receive();
        if (!got) yield();
      }
      sum += *got;
    }
    all.wait();
    stranger.join();
    EXPECT_EQ(sum, int64_t{times(100)} * (times(100) - 1) / 2);
    EXPECT_EQ(turn, 4 * times(50));
  });
}

#if __has_feature(address_sanitizer)
// A run that ends leaves its fibers where they are, with what they own.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:Stress_RunsThatEndWhileEverythingMoves_Test\n";
}
#endif

TEST_P(Stress, RunsThatEndWhileEverythingMoves) {
  for (int k = 0; k < times(10); ++k) {
    run_it([] {
      for (int i = 0; i < 8; ++i) {
        go([] {
          for (;;) spawn([] { yield(); }).join();
        });
        go([] {
          for (;;) sleep_for(std::chrono::microseconds(20));
        });
      }
      for (int turn = 0; turn < 50; ++turn) yield();
    });
  }
}

size_t resident() {
  size_t pages = 0;
  size_t all = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (std::fscanf(file, "%zu %zu", &all, &pages) != 2) pages = 0;
  std::fclose(file);
  return pages * 4096;
}

TEST_P(Stress, MemoryStaysFlat) {
  run_it([] {
    const auto spawn_some = [](int fibers) {
      for (int left = fibers; left > 0; left -= 500) {
        WaitGroup all;
        for (int i = 0; i < 500; ++i) {
          all.go([i] {
            if (i % 16 == 0) yield();
          });
        }
        all.wait();
      }
    };
    spawn_some(times(20'000));
    const size_t before = resident();
    spawn_some(times(200'000));
    if (kShare == 1) EXPECT_LT(resident(), before + (size_t{8} << 20));
  });
}

}  // namespace
}  // namespace fiber
