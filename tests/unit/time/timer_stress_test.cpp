// Timers made, stopped and reset by many fibers while they fire, on few and many processors.
#include <atomic>
#include <random>

#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::TimePoint;
using fiber::Timer;

// What stop() returns decides: true and there is no tick, false and there was exactly one.
TEST(TimerStress, AStopThatRacesWithTheTickTellsTheTruth) {
  on_processors([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.go([i] {
        std::minstd_rand random(static_cast<unsigned>(i + 1));
        for (int round = 0; round < 300; ++round) {
          std::atomic<int> ticks{0};
          const Timer timer(std::chrono::microseconds(random() % 30));
          fiber::Channel<int> stop;
          auto receiver = fiber::spawn([&] {
            fiber::select(fiber::on_receive(timer.channel(), [&] { ++ticks; }),
                          fiber::on_receive(stop));
          });
          for (unsigned k = random() % 4; k > 0; --k) fiber::yield();
          const bool stopped = timer.stop();
          stop.close();
          receiver.join();
          ASSERT_EQ(ticks, stopped ? 0 : 1);
        }
      });
    }
    group.wait();
  });
}

// Each reset is followed by a tick that is not older than it.
TEST(TimerStress, NoStaleTickAfterReset) {
  on_processors([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.go([i] {
        std::minstd_rand random(static_cast<unsigned>(i + 1));
        const Timer timer(0ms);
        for (int round = 0; round < 500; ++round) {
          for (unsigned k = random() % 3; k > 0; --k) fiber::yield();
          const TimePoint reset = TimePoint::clock::now();
          timer.reset(std::chrono::microseconds(random() % 20));
          if (random() % 2 == 0) ASSERT_GE(*timer.channel().receive(), reset);
        }
      });
    }
    group.wait();
  });
}

// Several fibers stop and reset one timer whose callback they race with.
TEST(TimerStress, CallsAreCountedOnce) {
  on_processors([] {
    std::atomic<int> calls{0};
    std::atomic<int> armed{1};
    std::atomic<int> prevented{0};
    {
      const Timer timer = fiber::after_func(0ms, [&] { ++calls; });
      fiber::WaitGroup group;
      for (int i = 0; i < 4; ++i) {
        group.go([&, i] {
          std::minstd_rand random(static_cast<unsigned>(i + 1));
          for (int round = 0; round < 300; ++round) {
            if (random() % 2 == 0) {
              if (timer.stop()) ++prevented;
            } else {
              ++armed;
              if (timer.reset(std::chrono::microseconds(random() % 10))) ++prevented;
            }
            if (random() % 4 == 0) fiber::yield();
          }
        });
      }
      group.wait();
      if (timer.stop()) ++prevented;
    }
    while (calls + prevented != armed) fiber::yield();
    fiber::sleep_for(1ms);
    EXPECT_EQ(calls + prevented, armed);
  });
}

// Handles dropped while the tick is on its way.
TEST(TimerStress, DroppedWhileItFires) {
  on_processors([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.go([] {
        for (int round = 0; round < 500; ++round) {
          auto channel = fiber::after(std::chrono::microseconds(round % 8));
          if (round % 3 == 0) fiber::yield();
          if (round % 5 == 0) channel.receive();
        }
      });
    }
    group.wait();
  });
}

// The short form; utils/bench/runtime has the long one.
TEST(TimerStress, ManySleepers) {
  for (unsigned procs : {1U, 4U}) {
    fiber::run(
        [] {
          constexpr int kMany = 20'000;
          std::atomic<int> early{0};
          fiber::WaitGroup group;
          for (int i = 0; i < kMany; ++i) {
            group.go(fiber::FiberOptions{.stack_size = 16384}, [&, i] {
              const TimePoint deadline = TimePoint::clock::now() + (i % 50) * 1ms;
              fiber::sleep_until(deadline);
              if (TimePoint::clock::now() < deadline) ++early;
            });
          }
          group.wait();
          EXPECT_EQ(early, 0);
        },
        {.procs = procs});
  }
}

// The timers of processors that are taken out of use fire on those that stay, which never
// have nothing to run here.
TEST(TimerStress, TimersOutliveTheirProcessor) {
  fiber::run(
      [] {
        for (int round = 0; round < 20; ++round) {
          fiber::set_processors(4);
          std::atomic<int> sleeping{0};
          std::atomic<int> awake{0};
          for (int i = 0; i < 100; ++i) {
            fiber::go([&] {
              ++sleeping;
              fiber::sleep_for(2ms);
              ++awake;
            });
          }
          while (sleeping < 50) fiber::yield();
          fiber::set_processors(1);
          while (awake < 100) fiber::yield();
        }
      },
      {.procs = 4});
}

}  // namespace
