// The number of processors changes while fibers run; fibers that keep their threads.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "fiber/blocking.h"
#include "fiber/channel.h"
#include "fiber/error.h"
#include "fiber/go.h"
#include "fiber/local.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/scheduler.h"

namespace fiber {
namespace {

using namespace std::chrono_literals;

void expect_nothing_leaked() {
  EXPECT_EQ(internal::scheduler.idle.spinning(), 0u);
  EXPECT_EQ(internal::scheduler.idle.available(), 0u);
  EXPECT_EQ(internal::scheduler.idle.detached(), 0u);
}

TEST(SetProcessors, ReturnsTheNumberUntilNow) {
  EXPECT_THROW(set_processors(2), Error);
  run(
      [] {
        EXPECT_EQ(set_processors(5), 3u);
        EXPECT_EQ(processors(), 5u);
        EXPECT_EQ(set_processors(1), 5u);
        EXPECT_EQ(processors(), 1u);
        EXPECT_THROW(set_processors(1025), Error);
        EXPECT_EQ(set_processors(1024), 1u);
        EXPECT_EQ(set_processors(0), 1024u);
        EXPECT_GE(processors(), 1u);
      },
      {.procs = 3});
  expect_nothing_leaked();
}

// Rings of all processors are full when all but one of them go.
TEST(SetProcessors, DownToOneWithFullQueues) {
  for (unsigned from : {2u, 4u, 16u}) {
    run(
        [] {
          constexpr int kFibers = 5'000;
          std::atomic<int> ended{0};
          std::vector<Handle<void>> starters;
          for (int i = 0; i < 8; ++i) {
            starters.push_back(spawn([&] {
              for (int k = 0; k < kFibers / 8; ++k) {
                go([&] {
                  for (int n = 0; n < 3; ++n) yield();
                  ++ended;
                });
              }
            }));
          }
          set_processors(1);
          for (auto& starter : starters) starter.join();
          while (ended != kFibers) yield();
        },
        {.procs = from});
    expect_nothing_leaked();
  }
}

TEST(SetProcessors, UpAndDownWhileFibersWakeEachOther) {
  run(
      [] {
        std::atomic<bool> stop{false};
        std::vector<Handle<long>> handles;
        for (int pair = 0; pair < 8; ++pair) {
          Channel<long> there;
          Channel<long> back;
          handles.push_back(spawn([there, back, &stop] {
            long count = 0;
            while (!stop) {
              there.send(count);
              count = *back.receive();
              if (count % 64 == 0) sleep_for(50us);
              if (count % 100 == 0) blocking([] {});
            }
            there.close();
            return count;
          }));
          go([there, back] {
            for (long value : there) back.send(value + 1);
          });
        }
        for (unsigned n : {1u, 7u, 2u, 64u, 3u, 1u, 16u, 1u, 4u}) {
          set_processors(n);
          EXPECT_EQ(processors(), n);
          sleep_for(2ms);
        }
        stop = true;
        for (auto& handle : handles) EXPECT_GT(handle.join(), 0);
      },
      {.procs = 2});
  expect_nothing_leaked();
}

// More processors are used: fibers that all run at once need them.
TEST(SetProcessors, NewOnesTakePart) {
  run(
      [] {
        set_processors(6);
        std::atomic<unsigned> running{0};
        std::vector<Handle<void>> handles;
        for (unsigned i = 0; i < 6; ++i) {
          handles.push_back(spawn([&] {
            ++running;
            while (running != 6) std::this_thread::yield();
          }));
        }
        for (auto& handle : handles) handle.join();
      },
      {.procs = 1});
}

TEST(SetProcessorsDeathTest, ADeadlockIsSeenAfterwards) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // see NoDeadlockWhileACallIsOnAndOneAfterwards
  for (unsigned to : {1u, 8u}) {
    EXPECT_EXIT(run(
                    [to] {
                      set_processors(to);
                      Channel<int>().receive();
                    },
                    {.procs = 4}),
                testing::ExitedWithCode(2), "all fibers are asleep");
  }
}

class Locked : public testing::TestWithParam<unsigned> {};

TEST_P(Locked, StaysOnItsThreadAndHasItForItself) {
  run(
      [] {
        std::atomic<bool> stop{false};
        std::vector<Handle<void>> others;
        static std::atomic<std::thread::id> locked_thread{};
        locked_thread = std::thread::id();
        for (int i = 0; i < 4; ++i) {
          others.push_back(spawn([&] {
            while (!stop) {
              ASSERT_NE(locked_thread.load(), std::this_thread::get_id());
              yield();
            }
          }));
        }
        Channel<int> channel;
        go([channel] {
          for (int i = 0; i < 50; ++i) channel.send(i);
          channel.close();
        });
        auto locked = spawn([&, channel] {
          LockThread outer;
          const auto thread = std::this_thread::get_id();
          locked_thread = thread;
          {
            LockThread inner;
          }
          for (int value : channel) {
            ASSERT_EQ(std::this_thread::get_id(), thread);
            if (value % 10 == 0) yield();
            if (value % 10 == 3) sleep_for(100us);
            if (value % 10 == 5) blocking([&] { ASSERT_EQ(std::this_thread::get_id(), thread); });
            if (value % 10 == 7) spawn([] {}).join();
            ASSERT_EQ(std::this_thread::get_id(), thread);
          }
          locked_thread = std::thread::id();
        });
        locked.join();
        stop = true;
        for (auto& other : others) other.join();
      },
      {.procs = GetParam()});
  expect_nothing_leaked();
}

TEST_P(Locked, ManyAtOnceAndTheMainFiber) {
  run(
      [] {
        LockThread main;
        const auto caller = std::this_thread::get_id();
        std::vector<Handle<void>> handles;
        for (int i = 0; i < 10; ++i) {
          handles.push_back(spawn([] {
            for (int round = 0; round < 3; ++round) {
              LockThread lock;
              const auto thread = std::this_thread::get_id();
              for (int k = 0; k < 5; ++k) {
                yield();
                ASSERT_EQ(std::this_thread::get_id(), thread);
              }
            }
          }));
        }
        for (auto& handle : handles) handle.join();
        EXPECT_EQ(std::this_thread::get_id(), caller);
      },
      {.procs = GetParam()});
  expect_nothing_leaked();
}

TEST_P(Locked, AFiberThatEndsLockedLeavesItsThread) {
  run(
      [] {
        for (int i = 0; i < 100; ++i) {
          spawn([] {
            alignas(LockThread) unsigned char never_destroyed[sizeof(LockThread)];
            new (never_destroyed) LockThread;
          }).join();
          spawn([] {
            LockThread lock;
            exit_fiber();
          }).join();
          yield();
        }
      },
      {.procs = GetParam()});
  expect_nothing_leaked();
}

INSTANTIATE_TEST_SUITE_P(Processors, Locked, testing::Values(1u, 2u, 4u, 16u));

TEST(LockedDeathTest, ALockedFiberThatWaitsForEverIsADeadlock) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run(
                  [] {
                    LockThread lock;
                    Channel<int>().receive();
                  },
                  {.procs = 1}),
              testing::ExitedWithCode(2), "all fibers are asleep");
}

}  // namespace
}  // namespace fiber
