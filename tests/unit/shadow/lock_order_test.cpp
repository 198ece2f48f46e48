// Which nested locks could block fibers for ever, and which surely not.
#include "detector/deadlock/lock_order.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

class LockOrder : public HooksTest {
 protected:
  static void lock(const void* lock) { __fsan_lock_acquired(lock, FSAN_LOCK_WRITE); }
  static void unlock(const void* lock) { __fsan_lock_released(lock, FSAN_LOCK_WRITE); }
  static void read_lock(const void* lock) { __fsan_lock_acquired(lock, FSAN_LOCK_READ); }
  static void read_unlock(const void* lock) { __fsan_lock_released(lock, FSAN_LOCK_READ); }

  static auto nested(const void* outer, const void* inner) {
    return [=] {
      lock(outer);
      lock(inner);
      unlock(inner);
      unlock(outer);
    };
  }
  // Each in a fiber of its own, one after the other: cycles found.
  template <typename... Bodies>
  static int cycles(Bodies... bodies) {
    const int before = recorded.lock_cycles;
    FakeFiber fibers[sizeof...(bodies)];
    size_t next = 0;
    (fibers[next++].run(bodies), ...);
    return recorded.lock_cycles - before;
  }

  static inline const void* const a = sync;
  static inline const void* const b = sync + 2;
  static inline const void* const c = sync + 4;
  static inline const void* const gate = sync + 6;
  static inline const void* const other_gate = sync + 8;
  static inline const void* const channel = sync + 10;
};

TEST_F(LockOrder, Inversion) {
  EXPECT_EQ(cycles(nested(a, b), nested(b, a)), 1);
  EXPECT_EQ(recorded.locks_of_last_cycle, 2U);
}
TEST_F(LockOrder, IsFoundOnce) {
  EXPECT_EQ(cycles(nested(a, b), nested(b, a), nested(a, b), nested(b, a)), 1);
}
TEST_F(LockOrder, OneOrder) { EXPECT_EQ(cycles(nested(a, b), nested(a, b), nested(b, c)), 0); }
TEST_F(LockOrder, OneFiberIsNotInItsOwnWay) {
  EXPECT_EQ(cycles([] {
              nested(a, b)();
              nested(b, a)();
            }),
            0);
}
TEST_F(LockOrder, ThreeLocks) {
  EXPECT_EQ(cycles(nested(a, b), nested(b, c), nested(c, a)), 1);
  EXPECT_EQ(recorded.locks_of_last_cycle, 3U);
}
TEST_F(LockOrder, ThreeLocksOfTwoFibers) {
  EXPECT_EQ(cycles(nested(a, b),
                   [] {
                     nested(b, c)();
                     nested(c, a)();
                   }),
            0);
}

TEST_F(LockOrder, AGateKeepsThemApart) {
  const auto gated = [](const void* held, auto body) {
    return [=] {
      lock(held);
      body();
      unlock(held);
    };
  };
  EXPECT_EQ(cycles(gated(gate, nested(a, b)), gated(gate, nested(b, a))), 0);
  EXPECT_EQ(cycles(gated(other_gate, nested(b, a))), 1);
}
TEST_F(LockOrder, AGateOfReadersDoesNot) {
  const auto gated = [](auto body) {
    return [=] {
      read_lock(gate);
      body();
      read_unlock(gate);
    };
  };
  EXPECT_EQ(cycles(gated(nested(a, b)), gated(nested(b, a))), 1);
}

TEST_F(LockOrder, ReadersDoNotBlockEachOther) {
  const auto reading = [](const void* outer, const void* inner) {
    return [=] {
      read_lock(outer);
      read_lock(inner);
      read_unlock(inner);
      read_unlock(outer);
    };
  };
  EXPECT_EQ(cycles(reading(a, b), reading(b, a)), 0);
}
TEST_F(LockOrder, AReaderAndAWriterDo) {
  EXPECT_EQ(cycles(
                [] {
                  read_lock(a);
                  lock(b);
                  unlock(b);
                  read_unlock(a);
                },
                nested(b, a)),
            1);
}

TEST_F(LockOrder, WhoTriesIsNotBlocked) {
  const auto tries = [](const void* outer, const void* inner) {
    return [=] {
      lock(outer);
      __fsan_lock_acquired(inner, FSAN_LOCK_TRY_WRITE);
      unlock(inner);
      unlock(outer);
    };
  };
  EXPECT_EQ(cycles(tries(a, b), tries(b, a), nested(a, b)), 0);
}
TEST_F(LockOrder, WhatWasTriedIsHeld) {
  const auto tried = [](const void* outer, const void* inner) {
    return [=] {
      __fsan_lock_acquired(outer, FSAN_LOCK_TRY_WRITE);
      lock(inner);
      unlock(inner);
      unlock(outer);
    };
  };
  EXPECT_EQ(cycles(tried(a, b), tried(b, a)), 1);
}
TEST_F(LockOrder, TakenAgainIsNotWaitedFor) {
  const auto again = [] {
    lock(a);
    lock(b);
    lock(a);
    unlock(a);
    unlock(b);
    unlock(a);
  };
  EXPECT_EQ(cycles(again, again), 0);
}

TEST_F(LockOrder, AChannelOrders) {
  EXPECT_EQ(cycles(
                [] {
                  nested(a, b)();
                  __fsan_release(channel);
                },
                [] {
                  __fsan_acquire(channel);
                  nested(b, a)();
                }),
            0);
}
TEST_F(LockOrder, AMutexDoesNot) {
  EXPECT_EQ(cycles(
                [] {
                  nested(a, b)();
                  lock(c);
                  unlock(c);
                },
                [] {
                  lock(c);
                  unlock(c);
                  nested(b, a)();
                }),
            1);
}
TEST_F(LockOrder, WhatComesAgainBehindTheReleaseIsNotOrdered) {
  FakeFiber first;
  FakeFiber second;
  first.run([] {
    nested(a, b)();
    __fsan_release(channel);
  });
  second.run([] {
    __fsan_acquire(channel);
    nested(b, a)();
  });
  EXPECT_EQ(recorded.lock_cycles, 0);
  first.run(nested(a, b));
  EXPECT_EQ(recorded.lock_cycles, 1);
}
TEST_F(LockOrder, MergesOrder) {
  FakeFiber workers[3];
  for (FakeFiber& worker : workers)
    worker.run([] {
      nested(a, b)();
      __fsan_merge(channel);
    });
  EXPECT_EQ(cycles([] {
              __fsan_acquire(channel);
              nested(b, a)();
            }),
            0);
  EXPECT_EQ(cycles(nested(b, a)), 1);
}
TEST_F(LockOrder, CreationOrders) {
  FakeFiber parent;
  fsan_fiber* child = nullptr;
  static char stack[256];
  parent.run([&] {
    nested(a, b)();
    child = __fsan_fiber_created(1u << 20, nullptr, stack, stack + sizeof stack,
                                 stack + sizeof stack, nullptr);
  });
  __fsan_fiber_switched_in(child);
  nested(b, a)();
  __fsan_fiber_switched_out(child);
  __fsan_fiber_switched_in(this_thread.own);
  EXPECT_EQ(recorded.lock_cycles, 0);
  parent.run(nested(a, b));
  EXPECT_EQ(recorded.lock_cycles, 1);
  __fsan_fiber_ended(child);
}

TEST_F(LockOrder, AnotherLockInItsPlaceIsAnotherOne) {
  EXPECT_EQ(cycles(nested(a, b)), 0);
  __fsan_object_destroyed(a, 8);
  EXPECT_EQ(cycles(nested(b, a)), 0);
  EXPECT_EQ(cycles(nested(a, b)), 1);
}
TEST_F(LockOrder, OthersOfThePatternStay) {
  EXPECT_EQ(cycles([] {
              lock(c);
              nested(a, b)();
              unlock(c);
            }),
            0);
  __fsan_object_destroyed(c, 8);
  EXPECT_EQ(cycles(nested(b, a)), 1);
}

TEST_F(LockOrder, ManyFibersThatNothingOrders) {
  const uint64_t before = forgotten_lock_orders();
  for (int i = 0; i < 60; ++i) EXPECT_EQ(cycles(nested(a, b)), 0);
  EXPECT_EQ(forgotten_lock_orders(), before);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(cycles(nested(a, b)), 0);
  EXPECT_EQ(forgotten_lock_orders(), before + 6);
  EXPECT_EQ(cycles(nested(b, a)), 1);
}

// However many are held.
TEST_F(LockOrder, ManyLocks) {
  static char locks[200];
  EXPECT_EQ(cycles([] {
              for (char& one : locks) lock(&one);
              lock(a);
              unlock(a);
              for (char& one : locks) unlock(&one);
            }),
            0);
  EXPECT_EQ(cycles(nested(a, &locks[199])), 1);
  EXPECT_EQ(cycles(nested(a, &locks[0])), 1);
  EXPECT_EQ(cycles(nested(&locks[199], &locks[0])), 1);
  __fsan_memory_forgotten(locks, sizeof locks);
}

}  // namespace
}  // namespace fibersan
