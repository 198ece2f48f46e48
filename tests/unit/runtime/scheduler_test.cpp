// The scheduler under stress, with 1 to 16 processors on whatever CPUs there are: nothing is
// lost, nothing runs twice, nobody starves.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/scheduler.h"
#include "tests/unit/runtime/token.h"

#if __has_feature(address_sanitizer)
// Runs here end while fibers are left, which keep what they own.
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

namespace fiber {
namespace {

using namespace std::chrono_literals;
using internal::Token;

class Scheduling : public testing::TestWithParam<unsigned> {
 protected:
  template <typename F>
  void in_run(F function) {
    EXPECT_EQ(run(function, Options{.procs = GetParam()}), 0);
    EXPECT_EQ(internal::scheduler.idle.spinning(), 0u);
    EXPECT_EQ(internal::scheduler.idle.idle(), 0u);
  }
};

TEST_P(Scheduling, PingPong) {
  in_run([] {
    constexpr int kRounds = 50'000;
    Token ping;
    Token pong;
    int shared = 0;  // handed over with the token
    auto other = spawn([&] {
      for (int i = 0; i < kRounds; ++i) {
        ping.take();
        ++shared;
        pong.put();
      }
    });
    for (int i = 0; i < kRounds; ++i) {
      ping.put();
      pong.take();
      ASSERT_EQ(shared, i + 1);
    }
    other.join();
  });
}

TEST_P(Scheduling, AMillionYields) {
  in_run([] {
    constexpr int kFibers = 100;
    constexpr int kYields = 10'000;
    std::vector<int> counts(kFibers);
    std::vector<Handle<void>> handles;
    for (int& count : counts) {
      handles.push_back(spawn([&count] {
        for (int i = 0; i < kYields; ++i) {
          ++count;
          yield();
        }
      }));
    }
    for (auto& handle : handles) handle.join();
    for (int count : counts) ASSERT_EQ(count, kYields);
  });
}

TEST_P(Scheduling, AHundredThousandSpawns) {
  in_run([] {
    long sum = 0;
    for (int batch = 0; batch < 100; ++batch) {
      std::vector<Handle<int>> handles;
      for (int i = 0; i < 1000; ++i) handles.push_back(spawn([i] { return i; }));
      for (auto& handle : handles) sum += handle.join();
    }
    EXPECT_EQ(sum, 100L * 999 * 1000 / 2);
  });
}

TEST_P(Scheduling, FibersThatSpawnFibers) {
  in_run([] {
    struct Tree {
      static int grow(int depth) {
        if (depth == 0) return 1;
        auto left = spawn(grow, depth - 1);
        const int right = grow(depth - 1);
        return left.join() + right;
      }
    };
    EXPECT_EQ(Tree::grow(13), 1 << 13);
  });
}

// One at a time, with pauses in which the workers fall asleep: the wake-up between the last
// look and the sleep must not be lost. A lost one hangs (and is then reported as a deadlock).
TEST_P(Scheduling, WakeUpsFromAThreadOutside) {
  in_run([] {
    constexpr int kRounds = 3'000;
    Token token;
    internal::ForeignWaker may_wake;
    std::atomic<int> taken{0};
    std::thread outside([&] {
      for (int i = 0; i < kRounds; ++i) {
        while (taken.load(std::memory_order_acquire) != i) std::this_thread::yield();
        if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i % 100));
        token.put();
      }
    });
    for (int i = 0; i < kRounds; ++i) {
      token.take();
      taken.store(i + 1, std::memory_order_release);
    }
    outside.join();
  });
}

TEST_P(Scheduling, BurstsBetweenSleeps) {
  in_run([] {
    for (int burst = 0; burst < 300; ++burst) {
      std::atomic<int> done{0};
      std::vector<Handle<void>> handles;
      for (int i = 0; i < 20; ++i) {
        handles.push_back(spawn([&done, i] {
          if (i % 3 == 0) sleep_for(std::chrono::microseconds(i * 10));
          done.fetch_add(1);
        }));
      }
      for (auto& handle : handles) handle.join();
      ASSERT_EQ(done, 20);
      sleep_for(100us);
    }
  });
}

// Two fibers that wake each other through the next slot must not keep the others from running.
TEST_P(Scheduling, PingPongDoesNotStarveTheRing) {
  in_run([] {
    Token ping;
    Token pong;
    std::atomic<bool> stop{false};
    auto a = spawn([&] {
      while (!stop) {
        ping.put();
        pong.take();
      }
      ping.put();
    });
    auto b = spawn([&] {
      for (;;) {
        ping.take();
        if (stop) break;
        pong.put();
      }
      pong.put();
    });
    for (int i = 0; i < 100; ++i) yield();  // comes back although the pair never pauses
    stop = true;
    a.join();
    b.join();
  });
}

// The global queue is looked at although the local ones never run dry.
TEST_P(Scheduling, YieldingFibersDoNotStarveTheGlobalQueue) {
  in_run([] {
    std::atomic<bool> stop{false};
    std::vector<Handle<void>> busy;
    for (unsigned i = 0; i < 2 * processors(); ++i) {
      busy.push_back(spawn([&] {
        while (!stop) yield();
      }));
    }
    Token token;
    internal::ForeignWaker may_wake;
    std::thread outside([&] { token.put(); });  // goes through the global queue
    token.take();
    outside.join();
    stop = true;
    for (auto& handle : busy) handle.join();
  });
}

TEST_P(Scheduling, SleepersWakeInOrderAndNotEarly) {
  in_run([] {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Handle<std::chrono::steady_clock::duration>> handles;
    for (int ms : {30, 10, 20, 0, -1}) {
      handles.push_back(spawn([=] {
        sleep_for(std::chrono::milliseconds(ms));
        return std::chrono::steady_clock::now() - start;
      }));
    }
    EXPECT_GE(handles[0].join(), 30ms);
    EXPECT_GE(handles[1].join(), 10ms);
    EXPECT_GE(handles[2].join(), 20ms);
    sleep_until(std::chrono::system_clock::now() + 2ms);
  });
}

TEST_P(Scheduling, TenThousandSleepers) {
  in_run([] {
    std::atomic<int> awake{0};
    std::vector<Handle<void>> handles;
    for (int i = 0; i < 10'000; ++i) {
      handles.push_back(spawn([&awake, i] {
        sleep_for(std::chrono::microseconds(i % 5000));
        ++awake;
      }));
    }
    for (auto& handle : handles) handle.join();
    EXPECT_EQ(awake, 10'000);
  });
}

// Two fibers that never leave their processors need two processors.
class SeveralProcessors : public Scheduling {};
TEST_P(SeveralProcessors, AReadyFiberIsStolenFromABusyProcessor) {
  in_run([] {
    std::atomic<bool> ran{false};
    go([&] { ran = true; });  // in our next slot
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!ran && std::chrono::steady_clock::now() < limit) {
    }
    EXPECT_TRUE(ran);
  });
}

// As many fibers as processors, each of which keeps its processor until all of them run: every
// worker has to be woken, also those for which nobody made a fiber ready while they slept.
TEST_P(SeveralProcessors, EveryProcessorTakesPart) {
  in_run([] {
    for (int round = 0; round < 20; ++round) {
      sleep_for(2ms);  // the others fall asleep
      std::atomic<unsigned> running{0};
      std::atomic<bool> together{true};
      const auto limit = std::chrono::steady_clock::now() + 10s;
      std::vector<Handle<void>> handles;
      for (unsigned i = 0; i < processors(); ++i) {
        handles.push_back(spawn([&] {
          ++running;
          while (running != processors()) {
            if (std::chrono::steady_clock::now() < limit) continue;
            together = false;
            return;
          }
        }));
      }
      for (auto& handle : handles) handle.join();
      ASSERT_TRUE(together);
    }
  });
}

// Another worker sleeps until a far deadline when a nearer one comes.
TEST_P(SeveralProcessors, ANearerDeadlineWakesTheKeeper) {
  in_run([] {
    const auto since = [](auto start) { return std::chrono::steady_clock::now() - start; };
    go([] { sleep_for(3s); });
    const auto start = std::chrono::steady_clock::now();
    while (since(start) < 50ms) {
    }
    sleep_for(1ms);
    EXPECT_LT(since(start), 2s);
  });
}

// A copy constructor is user code: it may park and go on with another processor.
TEST_P(SeveralProcessors, ACallableMayYieldWhileItIsCopied) {
  in_run([] {
    struct Yields {
      Yields() = default;
      Yields(const Yields&) { yield(); }
      void operator()() const {}
    };
    const Yields yields;
    std::vector<Handle<void>> handles;
    for (int i = 0; i < 20; ++i) {
      handles.push_back(spawn([&] {
        for (int k = 0; k < 200; ++k) spawn(yields).join();
      }));
    }
    for (auto& handle : handles) handle.join();
  });
}

INSTANTIATE_TEST_SUITE_P(Processors, Scheduling, testing::Values(1u, 2u, 3u, 4u, 8u, 16u));
INSTANTIATE_TEST_SUITE_P(Processors, SeveralProcessors, testing::Values(2u, 3u, 16u));

}  // namespace
}  // namespace fiber
