// Atomic operations: performed here, with the edges of their C++ memory orders.
//
// Threads:  any. The lock of the address's Sync is held from the operation to the edges,
//           so a value and the clock that belongs to it are read together.
//
// Invariants
//   M1  The machine operation is seq_cst whatever was asked for: what the program may
//       rely on is judged by the clocks.
//   M2  A Sync holds what the present value's release sequence published: a store
//       replaces it, a read-modify-write continues it.
//   M3  A relaxed load keeps what it could have acquired for the next acquire fence; a
//       relaxed store publishes what the last release fence knew.
//   M4  An acquiring operation is checked against the shadow after it acquired: a store
//       that it reads from happens before it.
//   M5  The mutexes that libatomic takes within are nobody's: an edge by them would be invented,
//       and their Sync may be under the very lock that is held.
#include "detector/abi/hooks.h"
#include "detector/heap/inside_detector.h"
#include "detector/race/record_fast.h"
#include "detector/race/sync_note.h"
#include "detector/race/sync_table.h"

// libatomic's generic functions, for objects of any size.
extern "C" {
void fsan_libatomic_load(size_t size, void* from, void* result, int order) __asm__("__atomic_load");
void fsan_libatomic_store(size_t size, void* to, void* value, int order) __asm__("__atomic_store");
void fsan_libatomic_exchange(size_t size, void* at, void* value, void* result,
                             int order) __asm__("__atomic_exchange");
bool fsan_libatomic_compare_exchange(size_t size, void* at, void* expected, void* desired,
                                     int success, int failure) __asm__("__atomic_compare_exchange");
}

namespace fibersan {
namespace {

bool acquires(unsigned order) {
  return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
         order == __ATOMIC_SEQ_CST;
}

bool releases(unsigned order) {
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void edge_of_load(fsan_fiber& fiber, LockedSync& sync, unsigned order) {
  Sync* known = sync.find();
  if (known == nullptr || known->is_own(fiber.clock)) return;
  if (acquires(order)) {
    fiber.clock.acquire(*known);
    learn_releaser(fiber, *known);
  } else if (!known->known_to(fiber.clock)) {
    fiber.fence_acquire.make().add(*known);  // M3
  }
}

void edge_of_store(fsan_fiber& fiber, LockedSync& sync, unsigned order) {
  if (releases(order)) {
    fiber.clock.release(sync.make());
  } else if (Sync* fence = fiber.fence_release.get(); fence != nullptr && !fence->empty()) {
    sync.make().copy(*fence);  // M3
  } else if (Sync* known = sync.find()) {
    known->clear();  // M2
  }
}

void edge_of_update(fsan_fiber& fiber, LockedSync& sync, unsigned order) {
  if (releases(order)) {
    fiber.clock.merge(sync.make());
  } else if (Sync* fence = fiber.fence_release.get(); fence != nullptr && !fence->empty()) {
    sync.make().add(*fence);  // M3
  }
}

enum class Effect { kLoad, kStore, kUpdate };

// One atomic operation. `perform` does it on the machine and says what it turned out to
// be, and with which order (a compare-exchange that fails is a load).
struct Performed {
  Effect effect;
  unsigned order;
};

// What stamps the cell when the fast way cannot.
[[gnu::noinline]] void check_atomic_slowly(fsan_fiber& fiber, const Access& access,
                                           const Caller& caller, Fast result,
                                           Conflicts& conflicts) {
  const Stamp running = fiber.clock.stamp();
  if (result == Fast::kSlow && running != 0 && access.address % 8 + access.size <= 8) {
    const Stamp wanted =
        with_mask(with_kind(running, access.kind), byte_mask(access.address, access.size));
    result = stamp_any_fast(cell_at(access.address), wanted, OrderedByClock{fiber.clock}, [&] {
      return remember_fast(fiber, access.address, access.size, access.kind, caller);
    });
  }
  if (result == Fast::kDone) return;
  conflicts =
      result == Fast::kLookAgain ? check_again(fiber, access) : check_access(fiber, access, caller);
}

// M4. What needs thought is left to check_access(), as with plain accesses.
FIBERSAN_INLINE void check_atomic(fsan_fiber& fiber, const Access& access, const Caller& caller,
                                  Conflicts& conflicts) {
  const Stamp running = fiber.clock.stamp();
  Fast result = Fast::kSlow;
  if (running != 0 && access.address % 8 + access.size <= 8) {
    const Stamp wanted =
        with_mask(with_kind(running, access.kind), byte_mask(access.address, access.size));
    if (cell_is_covered(cell_at(access.address), wanted)) return;
    result = stamp_one_fast(fiber, wanted, access.address, access.size, caller,
                            OrderedByClock{fiber.clock});
  }
  if (__builtin_expect(result != Fast::kDone, 0))
    check_atomic_slowly(fiber, access, caller, result, conflicts);
}

// All but the operation itself.
[[gnu::noinline]] void atomic_performed(fsan_fiber& fiber, LockedSync& sync, Access& access,
                                        Performed performed, const Caller& caller,
                                        Conflicts& conflicts) {
  const auto* const address = reinterpret_cast<const void*>(access.address);
  if (performed.effect != Effect::kLoad) access.kind = AccessKind::kAtomicWrite;
  if (performed.effect != Effect::kStore) {
    edge_of_load(fiber, sync, performed.order);
    if (acquires(performed.order)) note_sync(fiber.last_acquire, fiber, address, caller);
  }
  check_atomic(fiber, access, caller, conflicts);
  if (performed.effect == Effect::kLoad) return;
  if (performed.effect == Effect::kStore) edge_of_store(fiber, sync, performed.order);
  if (performed.effect == Effect::kUpdate) edge_of_update(fiber, sync, performed.order);
  if (releases(performed.order)) note_sync(fiber.last_release, fiber, address, caller);
}

template <typename Perform>
void atomic_access(fsan_ptr address, uint64_t size, const Caller& caller, Perform&& perform) {
  fsan_fiber* const fiber = acting_fiber();
  if (fiber == nullptr || acts_alone()) {
    perform();
    return;
  }
  Access access{.address = reinterpret_cast<uintptr_t>(address),
                .size = size,
                .kind = AccessKind::kAtomicRead};
  Conflicts conflicts;
  {
    LockedSync sync(sync_table, address);
    const Performed performed = perform();
    atomic_performed(*fiber, sync, access, performed, caller, conflicts);
    refresh_stamp();  // H3 of hooks_edges.cpp
  }
  if (__builtin_expect(!conflicts.empty(), 0)) report_conflicts(*fiber, access, caller, conflicts);
}

template <typename Word>
Word* words(fsan_ptr address) {
  return static_cast<Word*>(const_cast<void*>(address));
}

template <typename Word>
Word load(fsan_ptr address, unsigned order, const Caller& caller) {
  Word value;
  atomic_access(address, sizeof(Word), caller, [&] {
    value = __atomic_load_n(words<Word>(address), __ATOMIC_SEQ_CST);
    return Performed{Effect::kLoad, order};
  });
  return value;
}

template <typename Word>
void store(fsan_ptr address, Word value, unsigned order, const Caller& caller) {
  atomic_access(address, sizeof(Word), caller, [&] {
    __atomic_store_n(words<Word>(address), value, __ATOMIC_SEQ_CST);
    return Performed{Effect::kStore, order};
  });
}

template <typename Word>
Word combined(Word old, Word operand, unsigned operation) {
  // Signed order is unsigned order with the sign bits turned over.
  constexpr Word kSign = static_cast<Word>(Word{1} << (8 * sizeof(Word) - 1));
  const auto less = [](Word a, Word b) { return (a ^ kSign) < (b ^ kSign); };
  switch (operation) {
    case FSAN_RMW_ADD:
      return static_cast<Word>(old + operand);
    case FSAN_RMW_SUB:
      return static_cast<Word>(old - operand);
    case FSAN_RMW_AND:
      return static_cast<Word>(old & operand);
    case FSAN_RMW_NAND:
      return static_cast<Word>(~(old & operand));
    case FSAN_RMW_OR:
      return static_cast<Word>(old | operand);
    case FSAN_RMW_XOR:
      return static_cast<Word>(old ^ operand);
    case FSAN_RMW_MAX:
      return less(old, operand) ? operand : old;
    case FSAN_RMW_MIN:
      return less(operand, old) ? operand : old;
    case FSAN_RMW_UMAX:
      return old < operand ? operand : old;
    case FSAN_RMW_UMIN:
      return operand < old ? operand : old;
    default:
      return operand;
  }
}

// By compare-exchange: code that is not instrumented may use the object at the same time.
template <typename Word>
Word update(fsan_ptr address, Word operand, unsigned operation, unsigned order,
            const Caller& caller) {
  Word old;
  atomic_access(address, sizeof(Word), caller, [&] {
    Word* const word = words<Word>(address);
    old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(word, &old, combined(old, operand, operation), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return Performed{Effect::kUpdate, order};
  });
  return old;
}

template <typename Word>
Word compare_exchange(fsan_ptr address, Word expected, Word desired, unsigned success,
                      unsigned failure, const Caller& caller) {
  atomic_access(address, sizeof(Word), caller, [&] {
    const bool done = __atomic_compare_exchange_n(words<Word>(address), &expected, desired, false,
                                                  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return done ? Performed{Effect::kUpdate, success} : Performed{Effect::kLoad, failure};
  });
  return expected;
}

void fence(unsigned order) {
  fsan_fiber* const fiber = acting_fiber();
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (fiber == nullptr || acts_alone()) return;
  const SignalsWait inside;
  if (acquires(order)) {
    if (Sync* loaded = fiber->fence_acquire.get()) {
      fiber->clock.acquire(*loaded);
      loaded->clear();
    }
  }
  if (releases(order)) {
    fiber->clock.release(fiber->fence_release.make());
    refresh_stamp();
  }
}

}  // namespace
}  // namespace fibersan

#define FIBERSAN_ATOMIC(bits, word)                                                              \
  word __fsan_atomic##bits##_load(fsan_ptr address, fsan_u32 order, fsan_u64 context) {          \
    return fibersan::load<word>(address, order, FIBERSAN_CALLER(context));                       \
  }                                                                                              \
  void __fsan_atomic##bits##_store(fsan_ptr address, word value, fsan_u32 order,                 \
                                   fsan_u64 context) {                                           \
    fibersan::store<word>(address, value, order, FIBERSAN_CALLER(context));                      \
  }                                                                                              \
  word __fsan_atomic##bits##_rmw(fsan_ptr address, word operand, fsan_u32 operation,             \
                                 fsan_u32 order, fsan_u64 context) {                             \
    return fibersan::update<word>(address, operand, operation, order, FIBERSAN_CALLER(context)); \
  }                                                                                              \
  word __fsan_atomic##bits##_compare_exchange(fsan_ptr address, word expected, word desired,     \
                                              fsan_u32 success_order, fsan_u32 failure_order,    \
                                              fsan_u64 context) {                                \
    return fibersan::compare_exchange<word>(address, expected, desired, success_order,           \
                                            failure_order, FIBERSAN_CALLER(context));            \
  }

extern "C" {

FIBERSAN_ATOMIC(8, fsan_u8)
FIBERSAN_ATOMIC(16, fsan_u16)
FIBERSAN_ATOMIC(32, fsan_u32)
FIBERSAN_ATOMIC(64, fsan_u64)
FIBERSAN_ATOMIC(128, fsan_u128)

void __fsan_atomic_load_bytes(fsan_u64 size, fsan_ptr address, fsan_ptr result, fsan_u32 order,
                              fsan_u64 context) {
  fibersan::atomic_access(address, size, FIBERSAN_CALLER(context), [&] {
    const fibersan::InsideDetector inside;  // M5
    fsan_libatomic_load(size, const_cast<void*>(address), const_cast<void*>(result),
                        __ATOMIC_SEQ_CST);
    return fibersan::Performed{fibersan::Effect::kLoad, order};
  });
}

void __fsan_atomic_store_bytes(fsan_u64 size, fsan_ptr address, fsan_ptr value, fsan_u32 order,
                               fsan_u64 context) {
  fibersan::atomic_access(address, size, FIBERSAN_CALLER(context), [&] {
    const fibersan::InsideDetector inside;  // M5
    fsan_libatomic_store(size, const_cast<void*>(address), const_cast<void*>(value),
                         __ATOMIC_SEQ_CST);
    return fibersan::Performed{fibersan::Effect::kStore, order};
  });
}

void __fsan_atomic_exchange_bytes(fsan_u64 size, fsan_ptr address, fsan_ptr value, fsan_ptr result,
                                  fsan_u32 order, fsan_u64 context) {
  fibersan::atomic_access(address, size, FIBERSAN_CALLER(context), [&] {
    const fibersan::InsideDetector inside;  // M5
    fsan_libatomic_exchange(size, const_cast<void*>(address), const_cast<void*>(value),
                            const_cast<void*>(result), __ATOMIC_SEQ_CST);
    return fibersan::Performed{fibersan::Effect::kUpdate, order};
  });
}

fsan_u8 __fsan_atomic_compare_exchange_bytes(fsan_u64 size, fsan_ptr address, fsan_ptr expected,
                                             fsan_ptr desired, fsan_u32 success_order,
                                             fsan_u32 failure_order, fsan_u64 context) {
  bool done = false;
  fibersan::atomic_access(address, size, FIBERSAN_CALLER(context), [&] {
    const fibersan::InsideDetector inside;  // M5
    done = fsan_libatomic_compare_exchange(size, const_cast<void*>(address),
                                           const_cast<void*>(expected), const_cast<void*>(desired),
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return done ? fibersan::Performed{fibersan::Effect::kUpdate, success_order}
                : fibersan::Performed{fibersan::Effect::kLoad, failure_order};
  });
  return done;
}

void __fsan_atomic_fence(fsan_u32 order, fsan_u64) { fibersan::fence(order); }

}  // extern "C"
