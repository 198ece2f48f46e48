// Preemption at polls, here written by hand as the pass writes them.
#include "runtime/preempt.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <vector>

#include "detector/abi/hooks.h"
#include "fiber/blocking.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/lock.h"

namespace fiber {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Not inlined, for the fiber may have changed threads; atomic, for the monitor writes it.
bool requested() { return __atomic_load_n(internal::preempt_request(), __ATOMIC_RELAXED) != 0; }

void poll() {
  if (requested()) __fiber_preempt();
}

class Preemption : public testing::TestWithParam<unsigned> {};

TEST_P(Preemption, AWaitingLoopDoesNotStopTheOthers) {
  run(
      [] {
        std::atomic<bool> flag{false};
        std::vector<Handle<void>> waiting;
        for (int i = 0; i < 10; ++i) {
          waiting.push_back(spawn([&] {
            while (!flag.load(std::memory_order_relaxed)) poll();
          }));
        }
        go([&] { flag = true; });
        while (!flag.load(std::memory_order_relaxed)) poll();
        for (auto& one : waiting) one.join();
      },
      {.procs = GetParam()});
}

TEST_P(Preemption, TimersFireWhileFibersCompute) {
  run(
      [] {
        std::atomic<bool> stop{false};
        std::vector<Handle<void>> busy;
        for (unsigned i = 0; i < 2 * processors(); ++i) {
          busy.push_back(spawn([&] {
            while (!stop) poll();
          }));
        }
        for (int i = 0; i < 5; ++i) sleep_for(1ms);
        stop = true;
        for (auto& one : busy) one.join();
      },
      {.procs = GetParam()});
}

// Who computes without an end, with polls, does not keep run() from returning.
TEST_P(Preemption, TheEndOfARunStopsWhoPolls) {
  static std::atomic<unsigned> running;
  running = 0;
  run(
      [] {
        for (unsigned i = 0; i < 2 * processors(); ++i) {
          go([] {
            ++running;
            for (;;) poll();
          });
        }
        while (running < 2 * processors()) poll();
      },
      {.procs = GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Processors, Preemption, testing::Values(1u, 2u, 4u));

// The best of some tries: the machine may be busy with something else.
TEST(PreemptionTime, WithinTwoTimeSlices) {
  Clock::duration best = 1h;
  for (int round = 0; round < 20 && best > 20ms; ++round) {
    run(
        [&] {
          Clock::time_point ran;
          auto other = spawn([&] { ran = Clock::now(); });
          const auto start = Clock::now();
          while (ran == Clock::time_point()) {
            poll();
            if (Clock::now() > start + 10s) break;
          }
          best = std::min(best, ran - start);
          other.join();
        },
        {.procs = 1});
  }
  EXPECT_LE(best, 20ms);
}

void wait_for_request() {
  const auto limit = Clock::now() + 10s;
  while (!requested() && Clock::now() < limit) {
  }
  ASSERT_TRUE(requested());
}

TEST(PreemptionRefused, UnderALockOfTheRuntimeTheRequestStays) {
  run(
      [] {
        bool other_ran = false;
        auto other = spawn([&] { other_ran = true; });
        internal::SpinLock lock{internal::LockRank::kSync};
        {
          internal::SpinGuard guard(lock);
          wait_for_request();
          poll();
          // A switch would have cleared it.
          EXPECT_TRUE(requested());
        }
        poll();
        EXPECT_TRUE(other_ran);
        other.join();
      },
      {.procs = 1});
}

TEST(PreemptionRefused, InASignalHandler) {
  static bool request_stayed;
  request_stayed = false;
  struct sigaction action = {};
  action.sa_handler = [](int) {
    poll();
    request_stayed = requested();
  };
  ASSERT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  run(
      [] {
        auto other = spawn([] {});
        wait_for_request();
        ASSERT_EQ(raise(SIGUSR2), 0);
        EXPECT_TRUE(request_stayed);
        other.join();
      },
      {.procs = 1});
  signal(SIGUSR2, SIG_DFL);
}

TEST(PreemptionRefused, OutsideOfFibersAndInBlockingCalls) {
  __fiber_preempt();
  run([] {
    blocking([] { __fiber_preempt(); });
    __fiber_preempt();  // allowed at any time, then it is a yield
  });
}

}  // namespace
}  // namespace fiber
