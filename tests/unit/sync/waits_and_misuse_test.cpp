// What the detector is told when a fiber parks, and when the program misuses an object.
#include <fiber/fiber.h>

#include <mutex>
#include <shared_mutex>
#include <vector>

#include "edge_model.h"
#include "on_processors.h"

namespace {

using fiber::Channel;
using namespace fiber_test;

// The waits of a fiber that runs `block` and nothing else.
std::vector<edge_model::WaitSeen> waits_of(const std::function<void()>& block) {
  edge_model::reset();
  fiber::go([&] { block(); });
  fiber::yield();
  for (int i = 0; i < 1000 && edge_model::waits().empty(); ++i) fiber::yield();
  return edge_model::waits();
}

// On one processor: the main fiber only yields, so the waits seen are the other's.
void expect_wait(fsan_wait_reason reason, const void* object, bool timed,
                 const std::function<void()>& block) {
  const auto seen = waits_of(block);
  ASSERT_EQ(seen.size(), 1U) << reason;
  EXPECT_EQ(seen[0].reason, reason);
  EXPECT_EQ(seen[0].timed, timed) << reason;
  if (object == nullptr) {
    EXPECT_TRUE(seen[0].objects.empty()) << reason;
  } else {
    EXPECT_EQ(seen[0].objects, std::vector{object}) << reason;
  }
}

TEST(Waits, SayTheirReasonAndObject) {
  fiber::run(
      [] {
        static fiber::Mutex mutex;
        static fiber::RwMutex rw_mutex;
        static fiber::ConditionVariable condition;
        static fiber::WaitGroup group;
        static fiber::Semaphore semaphore(0);
        static fiber::Barrier barrier(2);
        static fiber::Latch latch(1);
        static fiber::Once once;
        mutex.lock();
        rw_mutex.lock();
        group.add(1);
        fiber::go([] { once.call([] { fiber::select(); }); });
        fiber::yield();
        const auto nil = Channel<int>::nil();
        expect_wait(FSAN_WAIT_NIL_CHAN_SEND, nullptr, false, [=] { nil.send(1); });
        expect_wait(FSAN_WAIT_NIL_CHAN_RECEIVE, nullptr, true, [=] { nil.receive_for(1h); });
        expect_wait(FSAN_WAIT_MUTEX_LOCK, &mutex, false, [] { mutex.lock(); });
        expect_wait(FSAN_WAIT_MUTEX_LOCK, &mutex, true, [] { mutex.try_lock_for(1h); });
        expect_wait(FSAN_WAIT_RWMUTEX_LOCK, &rw_mutex, false, [] { rw_mutex.lock(); });
        expect_wait(FSAN_WAIT_RWMUTEX_READ_LOCK, &rw_mutex, true,
                    [] { rw_mutex.try_lock_shared_for(1h); });
        expect_wait(FSAN_WAIT_CONDITION_WAIT, &condition, false, [] {
          fiber::Mutex own;
          std::unique_lock lock(own);
          condition.wait(lock);
        });
        expect_wait(FSAN_WAIT_WAITGROUP_WAIT, &group, false, [] { group.wait(); });
        expect_wait(FSAN_WAIT_SEMAPHORE_ACQUIRE, &semaphore, false, [] { semaphore.acquire(); });
        expect_wait(FSAN_WAIT_BARRIER_WAIT, &barrier, false, [] { barrier.arrive_and_wait(); });
        expect_wait(FSAN_WAIT_BARRIER_WAIT, &latch, false, [] { latch.wait(); });
        expect_wait(FSAN_WAIT_ONCE, &once, false, [] { once.call([] {}); });
        expect_wait(FSAN_WAIT_SELECT, nullptr, false, [] { fiber::select(); });
      },
      {.procs = 1});
}

TEST(Waits, NameTheirChannels) {
  fiber::run(
      [] {
        Channel<int> channel;
        for (const auto& [reason, block] :
             std::vector<std::pair<fsan_wait_reason, std::function<void()>>>{
                 {FSAN_WAIT_CHAN_RECEIVE, [=] { channel.receive(); }},
                 {FSAN_WAIT_CHAN_SEND, [] { Channel<int>().send(1); }},
                 {FSAN_WAIT_SELECT, [] { fiber::select(fiber::on_receive(Channel<int>())); }}}) {
          const auto seen = waits_of(block);
          ASSERT_EQ(seen.size(), 1U);
          EXPECT_EQ(seen[0].reason, reason);
          ASSERT_EQ(seen[0].objects.size(), 1U);
          EXPECT_TRUE(edge_model::is_object(seen[0].objects[0], FSAN_OBJECT_CHANNEL));
        }
        const auto seen = waits_of([=] {
          fiber::select(fiber::on_receive(channel), fiber::on_send(Channel<int>(), 1),
                        fiber::on_receive(Channel<int>::nil()), fiber::on_timeout(1h));
        });
        EXPECT_EQ(seen.at(0).objects.size(), 2U);
        EXPECT_TRUE(seen.at(0).timed);
      },
      {.procs = 1});
}

TEST(Objects, AreKnownWhileTheyExist) {
  const void* address = nullptr;
  {
    fiber::Mutex mutex;
    fiber::Latch latch(1);
    address = &mutex;
    EXPECT_TRUE(edge_model::is_object(&mutex, FSAN_OBJECT_MUTEX));
    EXPECT_TRUE(edge_model::is_object(&latch, FSAN_OBJECT_BARRIER));
  }
  EXPECT_FALSE(edge_model::is_object(address, FSAN_OBJECT_MUTEX));
}

void expect_misuse(fsan_finding_kind kind, const std::function<void()>& misuse) {
  edge_model::reset();
  misuse();
  EXPECT_EQ(edge_model::misuses(), std::vector{kind});
}

TEST(Misuse, IsAFindingBeforeItThrows) {
  in_fibers([] {
    Channel<int> closed(1);
    closed.close();
    expect_misuse(FSAN_FINDING_SEND_ON_CLOSED,
                  [&] { EXPECT_THROW(closed.send(1), fiber::ClosedChannel); });
    expect_misuse(FSAN_FINDING_SEND_ON_CLOSED,
                  [&] { EXPECT_THROW(closed.try_send(1), fiber::ClosedChannel); });
    expect_misuse(FSAN_FINDING_SEND_ON_CLOSED, [&] {
      EXPECT_THROW(fiber::select(fiber::on_send(closed, 1)), fiber::ClosedChannel);
    });
    expect_misuse(FSAN_FINDING_CLOSE_OF_CLOSED,
                  [&] { EXPECT_THROW(closed.close(), fiber::ClosedChannel); });
    expect_misuse(FSAN_FINDING_CLOSE_OF_NIL,
                  [&] { EXPECT_THROW(Channel<int>::nil().close(), fiber::ClosedChannel); });
    expect_misuse(FSAN_FINDING_UNLOCK_OF_UNLOCKED, [] {
      fiber::Mutex mutex;
      EXPECT_THROW(mutex.unlock(), fiber::UnlockOfUnlocked);
    });
    expect_misuse(FSAN_FINDING_UNLOCK_OF_UNLOCKED, [] {
      fiber::RwMutex mutex;
      EXPECT_THROW(mutex.unlock_shared(), fiber::UnlockOfUnlocked);
    });
    expect_misuse(FSAN_FINDING_NEGATIVE_WAITGROUP, [] {
      fiber::WaitGroup group;
      EXPECT_THROW(group.done(), fiber::NegativeWaitGroup);
    });
    expect_misuse(FSAN_FINDING_DESTROYED_IN_USE, [] {
      fiber::Mutex mutex;
      mutex.lock();
    });
  });
}

// At exit, or after a run: who holds it was stopped.
TEST(Misuse, IsNotToDestroyWhatAStoppedFiberHolds) {
  edge_model::reset();
  {
    fiber::Mutex mutex;
    fiber::run([&] { mutex.lock(); });
  }
  EXPECT_TRUE(edge_model::misuses().empty());
}

TEST(Misuse, UnlockByAnotherFiberWorksAndIsAFinding) {
  in_fibers([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
    mutex.lock();
    rw_mutex.lock();
    expect_misuse(FSAN_FINDING_UNLOCK_BY_NON_OWNER,
                  [&] { fiber::spawn([&] { mutex.unlock(); }).join(); });
    expect_misuse(FSAN_FINDING_UNLOCK_BY_NON_OWNER,
                  [&] { fiber::spawn([&] { rw_mutex.unlock(); }).join(); });
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_TRUE(rw_mutex.try_lock());
    edge_model::reset();
    mutex.unlock();
    rw_mutex.unlock();
    EXPECT_TRUE(edge_model::misuses().empty());
  });
}

// As in Go the fiber then waits: somebody else may unlock.
TEST(Misuse, LockingTwiceIsAFindingAndThenAWait) {
  in_fibers([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
    edge_model::reset();
    fiber::WaitGroup group;
    group.go([&] {
      std::scoped_lock both(mutex, rw_mutex);
      mutex.lock();
      rw_mutex.lock_shared();
      rw_mutex.unlock_shared();
      rw_mutex.lock();
    });
    let_others_block();
    mutex.unlock();
    let_others_block();
    rw_mutex.unlock();
    group.wait();
    EXPECT_EQ(edge_model::misuses(),
              (std::vector{FSAN_FINDING_DOUBLE_LOCK, FSAN_FINDING_UNLOCK_BY_NON_OWNER,
                           FSAN_FINDING_DOUBLE_LOCK, FSAN_FINDING_UNLOCK_BY_NON_OWNER}));
  });
}

}  // namespace
