// Everybody stands still, whatever they do, or the look is given up in bounded time.
#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "fiber/fiber.h"
#include "tests/unit/world/probe.h"

namespace {

using namespace std::chrono_literals;

// What everybody counts up who is not stopped.
std::atomic<uint64_t> steps[32];
std::atomic<int> standing_looks{0};
std::atomic<int> moved_meanwhile{0};

size_t watch(const fsan_world&) {
  uint64_t before[32];
  for (int i = 0; i < 32; ++i) before[i] = steps[i].load(std::memory_order_relaxed);
  const auto end = std::chrono::steady_clock::now() + 200us;
  while (std::chrono::steady_clock::now() < end) {
  }
  for (int i = 0; i < 32; ++i) {
    if (steps[i].load(std::memory_order_relaxed) != before[i]) moved_meanwhile.fetch_add(1);
  }
  standing_looks.fetch_add(1);
  return 0;
}

void step(int who) { steps[who].fetch_add(1, std::memory_order_relaxed); }

class StopTest : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    standing_looks = moved_meanwhile = 0;
    probe::on_stopped = watch;
  }
  void TearDown() override { probe::on_stopped = nullptr; }

  // Looks while f's fibers run, and that nobody moved then.
  template <class F>
  void look_while(int looks, F&& f) {
    fiber::run(
        [&] {
          const fiber::Channel<int> never;
          fiber::go([=] { never.receive(); });  // otherwise there is nothing to look for
          while (standing_looks == 0) {
            fiber::yield();
            fiber::deadlock::check();
          }
          standing_looks = 0;
          f();
          for (int i = 0; i < looks; ++i) {
            fiber::deadlock::check();
            fiber::yield();
          }
        },
        {.procs = GetParam()});
    EXPECT_EQ(moved_meanwhile, 0);
    EXPECT_GE(standing_looks, looks);  // one that was given up on a busy machine was repeated
  }
};

TEST_P(StopTest, FibersThatPassValues) {
  std::atomic<bool> end{false};
  look_while(100, [&] {
    static fiber::Channel<int> ring[4];
    for (int i = 0; i < 4; ++i) {
      fiber::go([i, &end] {
        while (!end) {
          step(i);
          if (i == 0) ring[0].send(1);
          ring[i].receive();
          ring[(i + 1) % 4].send(1);
        }
      });
    }
    for (int i = 4; i < 12; ++i) {
      fiber::go([i, &end] {
        while (!end) {
          step(i);
          fiber::sleep_for(50us);
        }
      });
    }
  });
}

// Long: channels, timers and time-outs go on as if nothing had been.
TEST_P(StopTest, AThousandStops) {
  constexpr int kLooks = 1000;
  static std::atomic<int> received, timers;
  received = timers = 0;
  probe::on_stopped = [](const fsan_world&) -> size_t {
    standing_looks.fetch_add(1);
    return 0;
  };
  std::atomic<bool> end{false};
  look_while(kLooks, [&] {
    const fiber::Channel<int> values(2);
    fiber::go([values, &end] {
      for (int i = 0; !end; ++i) values.send(i);
    });
    fiber::go([values, &end] {
      for (int i = 0; !end; ++i) {
        EXPECT_EQ(values.receive(), i);
        ++received;
      }
    });
    fiber::go([&end] {
      const fiber::Channel<int> empty;
      while (!end) {
        EXPECT_EQ(empty.receive_for(50us), std::nullopt);
        fiber::after_func(10us, [] { ++timers; });
      }
    });
  });
  EXPECT_GT(received, 0);
  EXPECT_GT(timers, 0);
}

TEST_P(StopTest, FibersThatComeAndGo) {
  look_while(50, [] {
    for (int i = 0; i < 4; ++i) {
      fiber::go([i] {
        for (;;) {
          step(i);
          fiber::spawn([i] { step(8 + i); }).join();
        }
      });
    }
  });
}

TEST_P(StopTest, BlockingCalls) {
  std::atomic<bool> end{false};
  look_while(50, [&] {
    for (int i = 0; i < 8; ++i) {
      fiber::go([i, &end] {
        while (!end) {
          fiber::blocking([i] {
            step(i);
            std::this_thread::sleep_for(100us);
          });
        }
      });
    }
  });
  end = true;
}

TEST_P(StopTest, ForeignThreadsThatComeAndGo) {
  std::atomic<bool> end{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([i, &end] {
      while (!end) {
        step(i);
        std::thread([i] { step(8 + i); }).join();
      }
    });
  }
  look_while(50, [] {});
  end = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_P(StopTest, AFiberThatNeverPolls) {
  if (GetParam() == 1) GTEST_SKIP() << "nobody else would run";
  look_while(50, [] {
    fiber::go([] {
      const auto end = std::chrono::steady_clock::now() + 300ms;
      while (std::chrono::steady_clock::now() < end) step(0);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Processors, StopTest, testing::Values(1, 2, 4, 16),
                         [](const auto& of) { return "procs" + std::to_string(of.param); });

// So many looks, each of which saw everybody stand still.
size_t count_look(const fsan_world&) {
  standing_looks.fetch_add(1);
  return 0;
}
void expect_looks(int looks) {
  standing_looks = 0;
  probe::on_stopped = count_look;
  for (int i = 0; i < looks; ++i) fiber::deadlock::check();
  probe::on_stopped = nullptr;
  EXPECT_EQ(standing_looks, looks);
}

// Until there is something to look for.
void wait_for_receiver() {
  const uint64_t before = fiber::stats().deadlock_checks;
  while (fiber::stats().deadlock_checks == before) {
    fiber::yield();
    fiber::deadlock::check();
  }
}

TEST(Stop, AThreadThatBlocksAllSignalsIsGivenUpSoon) {
  std::atomic<bool> blocked{false}, end{false};
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    blocked = true;
    while (!end) std::this_thread::yield();
  });
  while (!blocked) std::this_thread::yield();
  fiber::run([&] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    wait_for_receiver();
    const uint64_t before = fiber::stats().deadlock_checks_given_up;
    const auto begun = std::chrono::steady_clock::now();
    fiber::deadlock::check();
    EXPECT_GT(fiber::stats().deadlock_checks_given_up, before);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 50ms);
    end = true;
    deaf.join();
    expect_looks(1);
  });
}

// As programs do that have a thread of its own wait for signals: a run's threads inherit the mask.
TEST(Stop, ACallerThatBlocksAllSignals) {
  sigset_t all, before, after;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  fiber::run(
      [] {
        const fiber::Channel<int> never;
        fiber::go([=] { never.receive(); });
        wait_for_receiver();
        expect_looks(1);
      },
      {.procs = 3});
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(sigismember(&after, SIGURG), 1);
}

std::atomic<int> handled{0};

TEST(Stop, TheProgramMayHandleTheSignalItself) {
  struct sigaction action = {}, before = {};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  sigaction(SIGURG, &action, &before);
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    wait_for_receiver();
    for (int i = 0; i < 10; ++i) {
      expect_looks(1);
      raise(SIGURG);
    }
  });
  EXPECT_EQ(handled, 10);
  sigaction(SIGURG, &before, nullptr);
}

// One of the program's comes first, and ours is the same one to the kernel.
TEST(Stop, AStormOfTheSameSignal) {
  std::atomic<bool> end{false};
  const pthread_t target = pthread_self();
  std::thread storm([&] {
    while (!end) pthread_kill(target, SIGURG);
  });
  fiber::run(
      [] {
        const fiber::Channel<int> never;
        fiber::go([=] { never.receive(); });
        wait_for_receiver();
        for (int i = 0; i < 20; ++i) {
          expect_looks(1);
          fiber::sleep_for(100us);
        }
      },
      {.procs = 2});
  end = true;
  storm.join();
}

TEST(Stop, PausesAreCounted) {
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    wait_for_receiver();
    const fiber::Stats before = fiber::stats();
    fiber::deadlock::check();
    const fiber::Stats after = fiber::stats();
    EXPECT_GT(after.deadlock_checks, before.deadlock_checks);
    EXPECT_EQ(after.deadlock_pause.count - before.deadlock_pause.count,
              after.deadlock_checks - before.deadlock_checks);
    EXPECT_GT(after.deadlock_pause.sum_nanoseconds, before.deadlock_pause.sum_nanoseconds);
  });
}

// Fibers that pass values to each other all the time are not stopped by the monitor.
TEST(Stop, ShortWaitsAreNoReasonToStop) {
  probe::check_ms = 100;
  fiber::run([] {
    const fiber::Channel<int> there, back;
    fiber::go([=] {
      for (int value : there) back.send(value);
    });
    const uint64_t before = fiber::stats().deadlock_checks;
    const auto end = std::chrono::steady_clock::now() + 350ms;
    while (std::chrono::steady_clock::now() < end) {
      there.send(1);
      back.receive();
    }
    there.close();
    EXPECT_LE(fiber::stats().deadlock_checks, before + 1);  // a busy machine makes waits long
  });
  probe::check_ms = 0;
}

// Nothing to look for: nobody is stopped.
TEST(Stop, WithoutWaitersThereIsNoStop) {
  fiber::run([] {
    fiber::go([] { fiber::sleep_for(10min); });
    while (fiber::stats().fibers_waiting < 1) fiber::yield();
    const uint64_t before = fiber::stats().deadlock_checks;
    EXPECT_EQ(fiber::deadlock::check(), 0u);
    EXPECT_EQ(fiber::stats().deadlock_checks, before);
  });
}

}  // namespace
