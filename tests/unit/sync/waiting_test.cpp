// ConditionVariable, WaitGroup, Once, Semaphore, Barrier, Latch.
#include <fiber/sync.h>
#include <fiber/wait_group.h>

#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "on_processors.h"

namespace {

using namespace fiber_test;

TEST(ConditionVariable, HandsOverWithAnyLock) {
  on_processors([] {
    fiber::RwMutex mutex;
    fiber::ConditionVariable not_empty;
    std::deque<int> queue;
    std::atomic<int64_t> sum{0};
    fiber::WaitGroup consumers;
    for (int i = 0; i < 8; ++i) {
      consumers.go([&] {
        for (int j = 0; j < 100; ++j) {
          std::unique_lock lock(mutex);
          not_empty.wait(lock, [&] { return !queue.empty(); });
          sum += queue.front();
          queue.pop_front();
        }
      });
    }
    for (int i = 0; i < 800; ++i) {
      mutex.lock();
      queue.push_back(i);
      mutex.unlock();
      not_empty.notify_one();
    }
    consumers.wait();
    EXPECT_EQ(sum, 799 * 800 / 2);
  });
}

TEST(ConditionVariable, NotifyAllWakesSharedWaiters) {
  on_processors([] {
    fiber::RwMutex mutex;
    fiber::ConditionVariable changed;
    bool ready = false;
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([&] {
        std::shared_lock lock(mutex);
        changed.wait(lock, [&] { return ready; });
      });
    }
    let_others_block();
    mutex.lock();
    ready = true;
    mutex.unlock();
    changed.notify_all();
    group.wait();
  });
}

TEST(ConditionVariable, TimesOut) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::ConditionVariable never;
    std::unique_lock lock(mutex);
    EXPECT_EQ(never.wait_for(lock, 2ms), std::cv_status::timeout);
    EXPECT_TRUE(lock.owns_lock());
    EXPECT_FALSE(never.wait_for(lock, 2ms, [] { return false; }));
    EXPECT_TRUE(never.wait_for(lock, 1h, [] { return true; }));
    EXPECT_EQ(never.wait_until(lock, std::chrono::system_clock::now() - 1s),
              std::cv_status::timeout);
    auto notifier = fiber::spawn([&] {
      std::scoped_lock other(mutex);
      never.notify_one();
    });
    EXPECT_EQ(never.wait_for(lock, 1h), std::cv_status::no_timeout);
    lock.unlock();
    notifier.join();
  });
}

// A notify that meets a time-out is not lost: it ends this wait or another one.
TEST(ConditionVariable, NotifyAgainstTimeOut) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::ConditionVariable token;
    int tokens = 0;
    int taken = 0;
    fiber::WaitGroup group;
    for (int i = 0; i < 10; ++i) {
      group.go([&, i] {
        std::unique_lock lock(mutex);
        while (taken < 200) {
          if (token.wait_for(lock, std::chrono::microseconds(20 * i), [&] { return tokens > 0; })) {
            --tokens;
            ++taken;
          }
          if (taken >= 200) token.notify_all();
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      {
        std::scoped_lock lock(mutex);
        ++tokens;
      }
      token.notify_one();
      if (i % 20 == 0) fiber::yield();
    }
    group.wait();
    EXPECT_EQ(taken, 200);
  });
}

TEST(ConditionVariable, UnlockThatThrowsLeavesTheQueue) {
  in_fibers([] {
    fiber::Mutex mutex;
    fiber::ConditionVariable condition;
    EXPECT_THROW(condition.wait(mutex), fiber::UnlockOfUnlocked);
    condition.notify_all();
  });
}

TEST(ConditionVariable, ThreadsMayWait) {
  fiber::Mutex mutex;
  fiber::ConditionVariable condition;
  bool ready = false;
  std::thread waiter([&] {
    std::unique_lock lock(mutex);
    EXPECT_FALSE(condition.wait_for(lock, 2ms, [] { return false; }));
    condition.wait(lock, [&] { return ready; });
  });
  {
    std::scoped_lock lock(mutex);
    ready = true;
  }
  condition.notify_all();
  waiter.join();
}

TEST(WaitGroup, WaitsForAll) {
  on_processors([] {
    fiber::WaitGroup group;
    std::atomic<int> ended{0};
    for (int i = 0; i < 500; ++i) {
      group.go([&] {
        fiber::yield();
        ++ended;
      });
    }
    fiber::WaitGroup others;
    for (int i = 0; i < 3; ++i) {
      others.go([&] {
        group.wait();
        EXPECT_EQ(ended, 500);
      });
    }
    group.wait();
    EXPECT_EQ(ended, 500);
    others.wait();
    group.go({.name = "again"}, [&] { ++ended; });
    group.wait();
    EXPECT_EQ(ended, 501);
  });
}

TEST(WaitGroup, BelowZeroThrows) {
  in_fibers([] {
    fiber::WaitGroup group;
    EXPECT_THROW(group.done(), fiber::NegativeWaitGroup);
    group.add(2);
    EXPECT_THROW(group.add(-3), fiber::NegativeWaitGroup);
    group.add(-2);
    group.wait();
    group.add(INT32_MAX);
    EXPECT_THROW(group.add(1), fiber::NegativeWaitGroup);
    group.add(-INT32_MAX);
  });
}

// What was given to go() is destroyed before wait() returns, by exit_fiber too.
TEST(WaitGroup, GoKeepsCopiesUntilDone) {
  on_processors([] {
    auto shared = std::make_shared<int>(1);
    fiber::WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.go([shared](const std::shared_ptr<int>& again) { EXPECT_EQ(again, shared); }, shared);
      group.go([shared] { fiber::exit_fiber(); });
    }
    group.wait();
    EXPECT_EQ(shared.use_count(), 1);
  });
}

TEST(Once, RunsOnceAndTheOthersWait) {
  on_processors([] {
    fiber::Once once;
    std::atomic<int> runs{0};
    fiber::WaitGroup group;
    EXPECT_FALSE(once.done());
    for (int i = 0; i < 50; ++i) {
      group.go([&] {
        once.call([&] {
          fiber::sleep_for(1ms);
          ++runs;
        });
        EXPECT_EQ(runs, 1);
      });
    }
    group.wait();
    EXPECT_TRUE(once.done());
  });
}

TEST(Once, ThrowingCountsAsDone) {  // as Go's panic in Do
  in_fibers([] {
    fiber::Once once;
    EXPECT_THROW(once.call([] { throw std::runtime_error("first"); }), std::runtime_error);
    fiber::call_once(once, [](int) { FAIL(); }, 1);
  });
}

TEST(Semaphore, BoundsAndHandsOff) {
  on_processors([] {
    fiber::Semaphore permits(3);
    std::atomic<int> inside{0};
    fiber::WaitGroup group;
    for (int i = 0; i < 30; ++i) {
      group.go([&] {
        for (int j = 0; j < 20; ++j) {
          permits.acquire();
          EXPECT_LE(++inside, 3);
          fiber::yield();
          --inside;
          permits.release();
        }
      });
    }
    group.wait();
    EXPECT_TRUE(permits.try_acquire(3));
    EXPECT_FALSE(permits.try_acquire());
    EXPECT_FALSE(permits.try_acquire_for(2ms));
    fiber::go([&] { permits.release(2); });
    EXPECT_TRUE(permits.try_acquire_for(1h, 2));
  });
}

TEST(Semaphore, LargeRequestIsNotOvertaken) {
  on_processors([] {
    fiber::Semaphore permits(1);
    auto large = fiber::spawn([&] { permits.acquire(2); });
    let_others_block();
    EXPECT_FALSE(permits.try_acquire());
    permits.release();
    large.join();
    auto impatient = fiber::spawn([&] { return permits.try_acquire_for(20ms, 5); });
    let_others_block();
    auto small = fiber::spawn([&] { permits.acquire(1); });
    let_others_block();
    permits.release();
    EXPECT_FALSE(impatient.join());  // and then the small one behind it is served
    small.join();
  });
}

TEST(Barrier, AllMeetInEveryRound) {
  on_processors([] {
    constexpr int kFibers = 7;
    fiber::Barrier barrier(kFibers);
    std::atomic<int> arrived{0};
    fiber::WaitGroup group;
    for (int i = 0; i < kFibers; ++i) {
      group.go([&] {
        for (int round = 1; round <= 50; ++round) {
          ++arrived;
          barrier.arrive_and_wait();
          EXPECT_GE(arrived, round * kFibers);
        }
      });
    }
    group.wait();
  });
}

TEST(Barrier, WhoDropsIsNotWaitedFor) {
  on_processors([] {
    fiber::Barrier barrier(2);
    auto other = fiber::spawn([&] { barrier.arrive_and_drop(); });
    barrier.arrive_and_wait();
    other.join();
    barrier.arrive_and_wait();
    barrier.arrive_and_drop();
    EXPECT_THROW(barrier.arrive_and_wait(), fiber::Error);
  });
}

TEST(Latch, OpensAtZeroForEver) {
  on_processors([] {
    fiber::Latch latch(3);
    EXPECT_FALSE(latch.try_wait());
    fiber::WaitGroup group;
    for (int i = 0; i < 5; ++i) group.go([&] { latch.wait(); });
    latch.count_down(2);
    latch.arrive_and_wait();
    group.wait();
    EXPECT_TRUE(latch.try_wait());
    EXPECT_THROW(latch.count_down(), fiber::Error);
  });
}

}  // namespace
