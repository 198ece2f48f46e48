// Every combination of a fence and an operation that publish, of what comes between, and of an
// operation and a fence that observe, against what the standard (C++20) says of it:
//
//   [atomics.order] 2    a release operation A synchronises with an acquire operation B that
//                        takes its value from any side effect in the release sequence of A
//   [intro.races] 5      a release sequence: A, then read-modify-writes only, whoever does them
//   [atomics.fences] 2-4 a release fence before A, an acquire fence after B, stand in for the
//                        orders of the operations
//   [atomics.order] 4    seq_cst orders no more than acquire and release here
#include <array>
#include <string>

#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

enum Order : int {
  kNone = -1,
  kRelaxed = __ATOMIC_RELAXED,
  kConsume = __ATOMIC_CONSUME,
  kAcquire = __ATOMIC_ACQUIRE,
  kRelease = __ATOMIC_RELEASE,
  kAcqRel = __ATOMIC_ACQ_REL,
  kSeqCst = __ATOMIC_SEQ_CST
};
constexpr Order kOrders[] = {kRelaxed, kConsume, kAcquire, kRelease, kAcqRel, kSeqCst};

constexpr bool acquires(Order order) {
  return order == kConsume || order == kAcquire || order == kAcqRel || order == kSeqCst;
}
constexpr bool releases(Order order) {
  return order == kRelease || order == kAcqRel || order == kSeqCst;
}

enum class Kind { kLoad, kStore, kUpdate, kFailedExchange };
struct Operation {
  Kind kind;
  Order order;
};
struct Step {
  Order fence_before = kNone;
  Operation operation{};
  Order fence_after = kNone;
};

class AtomicOrders : public HooksTest {
 protected:
  static fsan_u32 raw(Order order) { return static_cast<fsan_u32>(order); }
  static void perform(const Operation& operation) {
    const fsan_u32 order = raw(operation.order);
    switch (operation.kind) {
      case Kind::kLoad:
        __fsan_atomic32_load(sync, order, 1);
        break;
      case Kind::kStore:
        __fsan_atomic32_store(sync, 1, order, 2);
        break;
      case Kind::kUpdate:
        __fsan_atomic32_rmw(sync, 1, FSAN_RMW_ADD, order, 3);
        break;
      case Kind::kFailedExchange:
        // Its success order says nothing.
        __fsan_atomic32_compare_exchange(sync, 12345, 1, __ATOMIC_SEQ_CST, order, 4);
        break;
    }
  }
  static void perform(const Step& step) {
    if (step.fence_before != kNone) __fsan_atomic_fence(raw(step.fence_before), 0);
    perform(step.operation);
    if (step.fence_after != kNone) __fsan_atomic_fence(raw(step.fence_after), 0);
  }

  bool are_ordered(const Step& publish, const Operation* between, const Step& observe) {
    memory_allocated(reinterpret_cast<uintptr_t>(data), 8);
    __fsan_memory_forgotten(sync, 4);
    FakeFiber first;
    FakeFiber second;
    FakeFiber third;
    first.run([&] {
      __fsan_write4(data, 1);
      perform(publish);
    });
    if (between != nullptr) second.run([&] { perform(*between); });
    return third.run([&] {
      perform(observe);
      __fsan_write4(data, 2);
    }) == 0;
  }
  static bool should_be_ordered(const Step& publish, const Operation* between,
                                const Step& observe) {
    const bool released = releases(publish.operation.order) || releases(publish.fence_before);
    const bool continued = between == nullptr || between->kind != Kind::kStore;
    const bool acquired = acquires(observe.operation.order) || acquires(observe.fence_after);
    return released && continued && acquired;
  }
};

std::string text(const Step& step) {
  static const char* const kKinds[] = {"load", "store", "update", "failed exchange"};
  return "fence " + std::to_string(step.fence_before) + ", " +
         kKinds[static_cast<int>(step.operation.kind)] + " " +
         std::to_string(step.operation.order) + ", fence " + std::to_string(step.fence_after);
}

TEST_F(AtomicOrders, AreAsTheStandardSays) {
  std::vector<Operation> publishers{
      {Kind::kStore, kRelaxed}, {Kind::kStore, kRelease}, {Kind::kStore, kSeqCst}};
  std::vector<Operation> observers{{Kind::kLoad, kRelaxed},
                                   {Kind::kLoad, kConsume},
                                   {Kind::kLoad, kAcquire},
                                   {Kind::kLoad, kSeqCst}};
  for (const Order order : {kRelaxed, kConsume, kAcquire, kSeqCst})
    observers.push_back({Kind::kFailedExchange, order});
  for (const Order order : kOrders) {
    publishers.push_back({Kind::kUpdate, order});
    observers.push_back({Kind::kUpdate, order});
  }
  // The wrong side too: there a fence orders nothing.
  const std::pair<Order, Order> fences[] = {{kNone, kNone},    {kAcquire, kNone}, {kRelease, kNone},
                                            {kAcqRel, kNone},  {kSeqCst, kNone},  {kNone, kAcquire},
                                            {kNone, kRelease}, {kNone, kSeqCst}};
  const Operation between[] = {{Kind::kStore, kRelaxed},
                               {Kind::kStore, kRelease},
                               {Kind::kUpdate, kRelaxed},
                               {Kind::kUpdate, kRelease},
                               {Kind::kLoad, kRelaxed}};
  for (const Operation& publisher : publishers) {
    for (const auto& [before, after] : fences) {
      const Step publish{before, publisher, after};
      for (const Operation& observer : observers) {
        for (const auto& [ahead, behind] : fences) {
          const Step observe{ahead, observer, behind};
          for (size_t i = 0; i <= std::size(between); ++i) {
            const Operation* const middle = i == 0 ? nullptr : &between[i - 1];
            ASSERT_EQ(are_ordered(publish, middle, observe),
                      should_be_ordered(publish, middle, observe))
                << text(publish) << "; between " << i << "; " << text(observe);
          }
        }
      }
    }
  }
}

// A fence publishes once for all later relaxed stores, also to several objects, and a relaxed
// load keeps what it found until an acquire fence, whatever is loaded in between.
TEST_F(AtomicOrders, OneFenceForManyObjects) {
  FakeFiber first;
  FakeFiber second;
  first.run([] {
    __fsan_write4(data, 1);
    __fsan_atomic_fence(__ATOMIC_RELEASE, 0);
    for (int i = 0; i < 3; ++i) __fsan_atomic32_store(sync + i, 1, __ATOMIC_RELAXED, 1);
  });
  EXPECT_EQ(second.run([] {
    for (int i = 0; i < 3; ++i) __fsan_atomic32_load(sync + i, __ATOMIC_RELAXED, 1);
    __fsan_atomic32_load(sync + 9, __ATOMIC_ACQUIRE, 1);
    __fsan_atomic_fence(__ATOMIC_ACQUIRE, 0);
    __fsan_write4(data, 2);
  }),
            0);
}

// Two objects that begin at one address and differ in size are one; a part of an object is not.
TEST_F(AtomicOrders, SizesAtOneAddress) {
  FakeFiber first;
  FakeFiber second;
  first.run([] {
    __fsan_write4(data, 1);
    __fsan_atomic64_store(sync, 1, __ATOMIC_RELEASE, 1);
  });
  EXPECT_EQ(second.run([] {
    __fsan_atomic8_load(sync, __ATOMIC_ACQUIRE, 1);
    __fsan_write4(data, 2);
  }),
            0);
}

}  // namespace
}  // namespace fibersan
