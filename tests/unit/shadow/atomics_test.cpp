// What the C++ memory orders order, and what they do not.
#include <cstring>

#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

enum Order : unsigned {
  kRelaxed = __ATOMIC_RELAXED,
  kConsume = __ATOMIC_CONSUME,
  kAcquire = __ATOMIC_ACQUIRE,
  kRelease = __ATOMIC_RELEASE,
  kAcqRel = __ATOMIC_ACQ_REL,
  kSeqCst = __ATOMIC_SEQ_CST
};

// `publish` after a write of `data` in one fiber, `observe` before one in another.
class Atomics : public HooksTest {
 protected:
  template <typename Publish, typename Observe>
  bool ordered(Publish&& publish, Observe&& observe) {
    return races_of(
               [&] {
                 __fsan_write4(data, 1);
                 publish();
               },
               [&] {
                 observe();
                 __fsan_write4(data, 2);
               }) == 0;
  }
  // The same with something that a third fiber does in between.
  template <typename Publish, typename Between, typename Observe>
  bool ordered_across(Publish&& publish, Between&& between, Observe&& observe) {
    FakeFiber third;
    return ordered(publish, [&] {
      // Not from inside the observer's turn: its fiber is switched out meanwhile.
      fsan_fiber* const observer = this_thread.fiber;
      __fsan_fiber_switched_out(observer);
      EXPECT_EQ(third.run(between), 0);
      __fsan_fiber_switched_in(observer);
      observe();
    });
  }
  static auto store(Order order) {
    return [order] { __fsan_atomic32_store(sync, 1, order, 7); };
  }
  static auto load(Order order) {
    return [order] { __fsan_atomic32_load(sync, order, 8); };
  }
  static auto add(Order order) {
    return [order] { __fsan_atomic32_rmw(sync, 1, FSAN_RMW_ADD, order, 9); };
  }
  static auto exchange_if(unsigned expected, Order success, Order failure) {
    return [=] { __fsan_atomic32_compare_exchange(sync, expected, 2, success, failure, 10); };
  }
  static void fence(Order order) { __fsan_atomic_fence(order, 0); }
};

TEST_F(Atomics, NothingOrdersByItself) {
  EXPECT_FALSE(ordered([] {}, [] {}));
}

TEST_F(Atomics, StoreAndLoad) { EXPECT_TRUE(ordered(store(kRelease), load(kAcquire))); }
TEST_F(Atomics, StoreAndLoadSeqCst) { EXPECT_TRUE(ordered(store(kSeqCst), load(kSeqCst))); }
TEST_F(Atomics, ConsumeIsAcquire) { EXPECT_TRUE(ordered(store(kRelease), load(kConsume))); }
TEST_F(Atomics, RelaxedStoreReleasesNothing) {
  EXPECT_FALSE(ordered(store(kRelaxed), load(kAcquire)));
}
TEST_F(Atomics, RelaxedLoadAcquiresNothing) {
  EXPECT_FALSE(ordered(store(kRelease), load(kRelaxed)));
}

TEST_F(Atomics, UpdateBothWays) { EXPECT_TRUE(ordered(add(kAcqRel), add(kAcqRel))); }
TEST_F(Atomics, UpdateReleasesThenAcquires) { EXPECT_TRUE(ordered(add(kRelease), add(kAcquire))); }
TEST_F(Atomics, UpdateTheWrongWayRound) { EXPECT_FALSE(ordered(add(kAcquire), add(kRelease))); }
TEST_F(Atomics, RelaxedUpdateReleasesNothing) {
  EXPECT_FALSE(ordered(add(kRelaxed), add(kSeqCst)));
}

TEST_F(Atomics, FailedExchangeHasItsFailureOrder) {
  EXPECT_FALSE(ordered(store(kRelease), exchange_if(99, kAcqRel, kRelaxed)));
}
TEST_F(Atomics, FailedExchangeMayAcquire) {
  EXPECT_TRUE(ordered(store(kRelease), exchange_if(99, kRelaxed, kAcquire)));
}
TEST_F(Atomics, ExchangeThatSucceedsHasItsSuccessOrder) {
  EXPECT_TRUE(ordered(store(kRelease), exchange_if(1, kAcquire, kRelaxed)));
}

TEST_F(Atomics, ReleaseFenceBeforeRelaxedStore) {
  EXPECT_TRUE(ordered(
      [] {
        fence(kRelease);
        store(kRelaxed)();
      },
      load(kAcquire)));
}
TEST_F(Atomics, ReleaseFenceAfterTheStore) {
  EXPECT_FALSE(ordered(
      [] {
        store(kRelaxed)();
        fence(kRelease);
      },
      load(kAcquire)));
}
TEST_F(Atomics, AcquireFenceAfterRelaxedLoad) {
  EXPECT_TRUE(ordered(store(kRelease), [] {
    load(kRelaxed)();
    fence(kAcquire);
  }));
}
TEST_F(Atomics, AcquireFenceBeforeTheLoad) {
  EXPECT_FALSE(ordered(store(kRelease), [] {
    fence(kAcquire);
    load(kRelaxed)();
  }));
}
TEST_F(Atomics, FencesOnBothSides) {
  EXPECT_TRUE(ordered(
      [] {
        fence(kSeqCst);
        store(kRelaxed)();
      },
      [] {
        load(kRelaxed)();
        fence(kSeqCst);
      }));
}
TEST_F(Atomics, WriteBehindTheReleaseFence) {
  EXPECT_EQ(races_of(
                [] {
                  fence(kRelease);
                  __fsan_write4(data, 1);
                  store(kRelaxed)();
                },
                [] {
                  load(kAcquire)();
                  __fsan_write4(data, 1);
                }),
            1);
}

TEST_F(Atomics, RelaxedStoreEndsAReleaseSequence) {
  EXPECT_FALSE(ordered(
      [] {
        store(kRelease)();
        store(kRelaxed)();
      },
      load(kAcquire)));
}
TEST_F(Atomics, RelaxedUpdateContinuesAReleaseSequence) {
  EXPECT_TRUE(ordered_across(store(kRelease), add(kRelaxed), load(kAcquire)));
}
TEST_F(Atomics, AnotherReleaseStoreReplaces) {
  EXPECT_FALSE(ordered_across(store(kRelease), store(kRelease), load(kAcquire)));
}
TEST_F(Atomics, TwoReleasingUpdatesAreBothAcquired) {
  EXPECT_TRUE(ordered_across(add(kRelease), add(kRelease), load(kAcquire)));
}

TEST_F(Atomics, SixteenBytes) {
  EXPECT_TRUE(ordered([] { __fsan_atomic128_store(sync, 5, kRelease, 1); },
                      [] { EXPECT_EQ(__fsan_atomic128_load(sync, kAcquire, 1), 5u); }));
}
TEST_F(Atomics, AnySize) {
  char stored[12] = "hello";
  char loaded[12] = {};
  EXPECT_TRUE(ordered([&] { __fsan_atomic_store_bytes(sizeof stored, sync, stored, kRelease, 1); },
                      [&] { __fsan_atomic_load_bytes(sizeof loaded, sync, loaded, kAcquire, 1); }));
  EXPECT_STREQ(loaded, "hello");
}

// An atomic access is one to its own bytes.
TEST_F(Atomics, StoreAgainstPlainRead) {
  EXPECT_EQ(races_of(store(kRelaxed), [] { __fsan_read4(sync, 1); }), 1);
}
TEST_F(Atomics, LoadAgainstPlainRead) {
  EXPECT_EQ(races_of(load(kRelaxed), [] { __fsan_read4(sync, 1); }), 0);
}
TEST_F(Atomics, LoadAgainstPlainWrite) {
  EXPECT_EQ(races_of(load(kRelaxed), [] { __fsan_write4(sync, 1); }), 1);
}
TEST_F(Atomics, UpdateAgainstUpdate) { EXPECT_EQ(races_of(add(kRelaxed), add(kRelaxed)), 0); }
TEST_F(Atomics, PlainInitialisationThatWasReleased) {
  EXPECT_EQ(races_of(
                [] {
                  __fsan_write4(sync, 1);
                  store(kRelease)();
                },
                load(kAcquire)),
            0);
}

TEST_F(Atomics, Values) {
  FakeFiber fiber;
  fiber.run([] {
    const auto update = [](int operand, fsan_rmw operation) {
      return static_cast<int>(
          __fsan_atomic32_rmw(sync, static_cast<fsan_u32>(operand), operation, kRelaxed, 1));
    };
    __fsan_atomic32_store(sync, 5, kRelaxed, 1);
    EXPECT_EQ(update(3, FSAN_RMW_SUB), 5);
    EXPECT_EQ(update(-4, FSAN_RMW_MIN), 2);
    EXPECT_EQ(update(-9, FSAN_RMW_MAX), -4);
    EXPECT_EQ(update(7, FSAN_RMW_UMIN), -4);
    EXPECT_EQ(update(-1, FSAN_RMW_UMAX), 7);
    EXPECT_EQ(update(6, FSAN_RMW_NAND), -1);
    EXPECT_EQ(update(1, FSAN_RMW_OR), ~6);
    EXPECT_EQ(update(3, FSAN_RMW_XOR), ~6);
    EXPECT_EQ(update(0, FSAN_RMW_EXCHANGE), ~6 ^ 3);
    EXPECT_EQ(__fsan_atomic32_compare_exchange(sync, 0, 8, kRelaxed, kRelaxed, 1), 0u);
    EXPECT_EQ(__fsan_atomic32_compare_exchange(sync, 0, 9, kRelaxed, kRelaxed, 1), 8u);
    EXPECT_EQ(__fsan_atomic32_load(sync, kRelaxed, 1), 8u);
  });
}

}  // namespace
}  // namespace fibersan
