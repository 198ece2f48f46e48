// Exactly the happens-before edges that design and Go promise for locks, counters and joins: each
// is there, and none that is not promised. Fibers are steered as in channel_edges_test.cpp.
#include <fiber/fiber.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "edge_model.h"
#include "on_processors.h"
#include "steps.h"

namespace {

using edge_model::before_here;
using edge_model::Event;
using edge_model::here;
using fiber::Channel;
using fiber::on_receive;
using fiber::on_send;
using namespace fiber_test;

TEST(Edges, LocksOrderTheirHolders) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
    Steps steps;
    Event first;
    Event reader;
    fiber::WaitGroup group;
    group.go([&] {
      first = here();
      std::scoped_lock both(mutex, rw_mutex);
      EXPECT_EQ(edge_model::locks_held(), 2U);
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      std::shared_lock lock(rw_mutex);
      EXPECT_TRUE(before_here(first));
      reader = here();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(2);
      std::shared_lock lock(rw_mutex);
      EXPECT_FALSE(before_here(reader));
      lock.unlock();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(3);
      EXPECT_TRUE(mutex.try_lock_for(1h));
      EXPECT_TRUE(before_here(first));
      EXPECT_FALSE(before_here(reader));
      mutex.unlock();
      rw_mutex.lock();
      EXPECT_TRUE(before_here(reader));
      rw_mutex.unlock();
      EXPECT_EQ(edge_model::locks_held(), 0U);
    });
    group.wait();
  });
}

TEST(Edges, DoneBeforeWait) {
  on_processors([] {
    fiber::WaitGroup group;
    Event ends[3];
    for (Event& end : ends) group.go([&] { end = here(); });
    group.wait();
    for (const Event& end : ends) EXPECT_TRUE(before_here(end));
  });
}

TEST(Edges, AddFromZeroUnorderedWithWaitIsARace) {
  for (const bool wait_first : {false, true}) {
    in_fibers([&] {
      edge_model::reset();
      fiber::WaitGroup subject;
      Steps steps;
      fiber::WaitGroup group;
      group.go([&] {
        if (wait_first) steps.wait_for(2);
        subject.add(1);
        subject.add(1);
        subject.add(-2);
        steps.next();
      });
      for (int i = 0; i < 2; ++i) {  // two waits are no race with each other
        group.go([&] {
          if (!wait_first) steps.wait_for(1);
          subject.wait();
          steps.next();
        });
      }
      group.wait();
      EXPECT_EQ(edge_model::races(), 2);
    });
  }
}

TEST(Edges, OrderedAddsAndWaitsAreNoRace) {
  on_processors([] {
    edge_model::reset();
    fiber::WaitGroup subject;
    for (int round = 0; round < 3; ++round) {
      subject.add(2);
      for (int i = 0; i < 2; ++i) fiber::go([&] { subject.done(); });
      auto other = fiber::spawn([&] { subject.wait(); });
      subject.wait();
      other.join();
    }
    EXPECT_EQ(edge_model::races(), 0);
  });
}

TEST(Edges, OnceSemaphoreLatchBarrier) {
  on_processors([] {
    fiber::Once once;
    fiber::Semaphore semaphore(0);
    fiber::Latch latch(2);
    fiber::Barrier barrier(2);
    Event in_once;
    Event before_release;
    Event before_count_down;
    Event before_arrival;
    auto other = fiber::spawn([&] {
      once.call([&] { in_once = here(); });
      before_release = here();
      semaphore.release();
      before_count_down = here();
      latch.count_down();
      for (int round = 0; round < 4; ++round) {
        before_arrival = here();
        barrier.arrive_and_wait();
        barrier.arrive_and_wait();
      }
    });
    while (!once.done()) fiber::yield();
    EXPECT_FALSE(before_here(in_once));
    once.call([] {});
    EXPECT_TRUE(before_here(in_once));
    semaphore.acquire();
    EXPECT_TRUE(before_here(before_release));
    latch.arrive_and_wait();
    EXPECT_TRUE(before_here(before_count_down));
    for (int round = 0; round < 4; ++round) {
      barrier.arrive_and_wait();
      EXPECT_TRUE(before_here(before_arrival));
      barrier.arrive_and_wait();
    }
    other.join();
  });
}

// One that has gone on to the next round tells nothing to one that leaves the last.
TEST(Edges, RoundsOfABarrierAreApart) {
  fiber::run(
      [] {
        fiber::Barrier barrier(2);
        Event in_next_round;
        auto slow = fiber::spawn([&] {
          barrier.arrive_and_wait();
          EXPECT_NE(in_next_round.fiber, 0U);  // the other one has been there
          EXPECT_FALSE(before_here(in_next_round));
          barrier.arrive_and_wait();
          EXPECT_TRUE(before_here(in_next_round));
        });
        fiber::yield();
        barrier.arrive_and_wait();  // wakes the slow one and goes on
        in_next_round = here();
        barrier.arrive_and_wait();
        slow.join();
      },
      {.procs = 1});
}

TEST(Edges, NotifyBeforeTheWaitItEnds) {
  on_processors([] {
    fiber::Mutex mutex;
    fiber::ConditionVariable condition;
    std::atomic<bool> told{false};
    Event before_notify;
    auto waiter = fiber::spawn([&] {
      std::unique_lock lock(mutex);
      EXPECT_EQ(condition.wait_for(lock, 1ms), std::cv_status::timeout);
      told = true;
      condition.wait(lock);
      EXPECT_TRUE(before_here(before_notify));
    });
    while (!told) fiber::yield();
    let_others_block();
    before_notify = here();
    condition.notify_one();  // without the lock: the edge is its own
    waiter.join();
  });
}

// Each lock has its way to be taken, in a fiber that knows nothing of its last holder.
TEST(Edges, EveryWayToTakeALockAcquires) {
  on_processors([] {
    fiber::Mutex mutexes[3];
    fiber::RwMutex rw_mutexes[6];
    Event before;
    Steps steps;
    fiber::WaitGroup group;
    group.go([&] {
      before = here();
      for (fiber::Mutex& mutex : mutexes) std::scoped_lock lock(mutex);
      for (fiber::RwMutex& mutex : rw_mutexes) std::scoped_lock lock(mutex);
      steps.next();
    });
    const auto taken = [&](auto take, auto unlock) {
      group.go([&, take, unlock] {
        steps.wait_for(1);
        EXPECT_FALSE(before_here(before));
        EXPECT_TRUE(take());
        EXPECT_TRUE(before_here(before));
        unlock();
      });
    };
    const auto shared = [&](int i, auto take) {
      taken(take, [&, i] { rw_mutexes[i].unlock_shared(); });
    };
    const auto alone = [&](int i, auto take) { taken(take, [&, i] { rw_mutexes[i].unlock(); }); };
    taken([&] { return mutexes[0].lock(), true; }, [&] { mutexes[0].unlock(); });
    taken([&] { return mutexes[1].try_lock(); }, [&] { mutexes[1].unlock(); });
    taken([&] { return mutexes[2].try_lock_for(1h); }, [&] { mutexes[2].unlock(); });
    alone(0, [&] { return rw_mutexes[0].lock(), true; });
    alone(1, [&] { return rw_mutexes[1].try_lock(); });
    alone(2, [&] { return rw_mutexes[2].try_lock_for(1h); });
    shared(3, [&] { return rw_mutexes[3].lock_shared(), true; });
    shared(4, [&] { return rw_mutexes[4].try_lock_shared(); });
    shared(5, [&] { return rw_mutexes[5].try_lock_shared_for(1h); });
    group.wait();
  });
}

TEST(Edges, WhoWaitsForAOnceComesAfterItsCall) {
  on_processors([] {
    fiber::Once once;
    Steps steps;
    Event in_once;
    auto other = fiber::spawn([&] {
      once.call([&] {
        steps.next();
        let_others_block();
        in_once = here();
      });
    });
    steps.wait_for(1);
    once.call([] {});
    EXPECT_TRUE(before_here(in_once));
    other.join();
  });
}

TEST(Edges, AllReleasesOfASemaphoreAreAcquired) {
  on_processors([] {
    fiber::Semaphore semaphore(0);
    Event before[2];
    fiber::WaitGroup group;
    for (Event& event : before)
      group.go([&] {
        event = here();
        semaphore.release();
      });
    semaphore.acquire(2);
    for (const Event& event : before) EXPECT_TRUE(before_here(event));
    group.wait();
  });
}

TEST(Edges, DonesOfAWaitGroupAreOrderedBeforeTheWaitOnly) {
  on_processors([] {
    fiber::WaitGroup subject;
    subject.add(2);
    Steps steps;
    Event first;
    Event second;
    fiber::WaitGroup group;
    group.go([&] {
      subject.wait();
      EXPECT_TRUE(before_here(first));
      EXPECT_TRUE(before_here(second));
    });
    group.go([&] {
      first = here();
      subject.done();
      steps.next();
    });
    group.go([&] {
      steps.wait_for(1);
      second = here();
      subject.done();
      EXPECT_FALSE(before_here(first));
    });
    group.wait();
  });
}

TEST(Edges, AResultThatNobodyJoinsIsDestroyedAfterItsFiber) {
  on_processors([] {
    DestroyedAfter::destroyed = 0;
    Event ran;
    auto handle = fiber::spawn([&] {
      ran = here();
      return DestroyedAfter(&ran);
    });
    let_others_block();
    EXPECT_FALSE(before_here(ran));
    handle.detach();
    while (DestroyedAfter::destroyed == 0) fiber::yield();
  });
}

}  // namespace
