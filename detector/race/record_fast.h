// record_fast.h: accesses to cells that have a small record or need one, without a call.
//
// Input:    as access_fast.h.
// Output:   done, or what is left to the general way.
// Cost:     see README.md.
// Threads:  any.
// Not here: large records, those that others hold: access.h.
//
// Invariants: F1 to F3 of access_fast.h, E1 to E5 of shadow/extended.h.
//   G1  The steps are those of shadow/extended_steps.h in that order; what they cannot decide is
//       undone first: the record keeps what was in the slots, slot 1 repeats what is in it.
#ifndef FIBERSAN_DETECTOR_RACE_RECORD_FAST_H
#define FIBERSAN_DETECTOR_RACE_RECORD_FAST_H

#include "detector/race/access_fast.h"
#include "detector/shadow/extended_steps.h"
#include "detector/shadow/record_pool.h"

namespace fibersan {

// The cell's record is locked, and of the change is sure.
FIBERSAN_INLINE void change_record(Cell& cell, uint32_t number, const RecordChange& change,
                                   bool parallel) {
  Record& record = record_at(number);
  if (change.step == RecordChange::Step::kFits && record_pool.try_lock(parallel)) {  // E5, E4
    const SlotPair pair = slots_for(change.stamp, change.beside);
    __atomic_store_n(&cell.slots[1], pair.second, __ATOMIC_RELEASE);
    __atomic_store_n(&cell.slots[0], pair.first, __ATOMIC_RELEASE);
    record.clear_small();
    record.unlock_small();
    record_pool.give_back_and_unlock(number);
    return;
  }
  record.carry_out(change);
  // relaxed: whose inline check it may satisfy is the thread itself.
  __atomic_store_n(&cell.slots[1], change.stamp, __ATOMIC_RELAXED);
  record.unlock_small();
}

template <typename Ordered, typename Remember>
FIBERSAN_INLINE Fast stamp_record_fast(Cell& cell, Stamp first, Stamp wanted, Ordered ordered,
                                       bool parallel, Remember&& remember) {
  using Step = RecordChange::Step;
  Record& record = record_at(stamp_epoch(first));
  if (!record.lock_small(parallel)) return Fast::kSlow;
  const bool is_ours = load_slot(cell, 0) == first;  // E1
  const RecordChange change = record.plan(wanted, ordered);
  if (__builtin_expect(
          !is_ours || change.step == Step::kUnsure || (change.step != Step::kNone && !remember()),
          0)) {
    record.unlock_small();
    return Fast::kSlow;
  }
  if (change.step != Step::kNone) {
    change_record(cell, stamp_epoch(first), change, parallel);
    return Fast::kDone;
  }
  __atomic_store_n(&cell.slots[1], change.stamp, __ATOMIC_RELAXED);  // as above
  record.unlock_small();
  return Fast::kDone;
}

// The pool's lock is held for a few instructions.
FIBERSAN_INLINE void give_back_fast(uint32_t number, bool parallel) {
  while (!record_pool.try_lock(parallel)) __builtin_ia32_pause();
  record_pool.give_back_and_unlock(number);
}

// Both stamps matter still and neither races: extend_cell() of shadow/extended_steps.h.
template <typename Ordered, typename Remember>
FIBERSAN_INLINE Fast extend_fast(Cell& cell, Stamp first, Stamp second, Stamp wanted,
                                 Ordered ordered, bool parallel, Remember&& remember) {
  if (judge(first, wanted, ordered) == Found::kUnknown ||
      judge(second, wanted, ordered) == Found::kUnknown || !remember())
    return Fast::kSlow;
  const uint32_t number = record_pool.try_take(parallel);
  if (number == 0) return Fast::kSlow;
  Record& record = record_at(number);
  if (!record.lock_small(parallel)) {  // R1 of shadow/record.h: for a moment
    give_back_fast(number, parallel);
    return Fast::kSlow;
  }
  record.put_small(first);  // E4: before the slot changes
  const bool extended =
      parallel ? SharedSlots::exchange(cell.slots[0], first, extended_stamp(number))
               : ExclusiveSlots::exchange(cell.slots[0], first, extended_stamp(number));
  if (!extended) {
    record.clear_small();
    record.unlock_small();
    give_back_fast(number, parallel);
    return Fast::kLookAgain;
  }
  // What is in slot 1 now. Whoever exchanges it from now on fails, or comes to the record.
  const Stamp now =
      parallel ? __atomic_exchange_n(&cell.slots[1], wanted, __ATOMIC_SEQ_CST) : second;
  if (now != 0) record.put_small(now);
  const RecordChange change = record.plan(wanted, ordered);
  if (__builtin_expect(now != second || change.step == RecordChange::Step::kUnsure ||
                           change.step == RecordChange::Step::kNone,
                       0)) {
    __atomic_store_n(&cell.slots[1], now, __ATOMIC_RELEASE);  // G1
    record.unlock_small();
    return Fast::kLookAgain;
  }
  change_record(cell, number, change, parallel);
  return Fast::kDone;
}

// One cell, whatever it is.
template <typename Ordered, typename Remember>
FIBERSAN_INLINE Fast stamp_any_fast(Cell& cell, Stamp wanted, Ordered ordered,
                                    Remember&& remember) {
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  const Stamp first = load_slot(cell, 0);
  const Stamp second = load_slot(cell, 1);
  if (stamp_is_extended(first))
    return stamp_record_fast(cell, first, wanted, ordered, parallel, remember);
  const bool reads = stamp_is_read(wanted);
  const CellPlan plan =
      plan_cell(cell, reads ? second : first, reads ? first : second, wanted, ordered);
  if (plan.slot == nullptr)
    return extend_fast(cell, first, second, wanted, ordered, parallel, remember);
  if (plan.desired == plan.seen) return Fast::kDone;
  if (!remember()) return Fast::kSlow;
  return carry_out(plan, parallel) ? Fast::kDone : Fast::kLookAgain;
}

// Up to kWidestFast bytes anywhere. What was stamped before one is left to the general way is
// covered there.
FIBERSAN_INLINE Fast access_records_fast(uintptr_t address, uint64_t size, AccessKind kind,
                                         const Caller& caller) {
  constexpr uint64_t kCellBytes = 8;
  const Stamp running = running_stamp();
  if (running == 0 || acts_alone() || size == 0 || size > kWidestFast) return Fast::kSlow;
  fsan_fiber& fiber = *this_thread.fiber;
  bool is_remembered = false;
  const auto remember = [&]() __attribute__((always_inline)) {
    if (!is_remembered) is_remembered = remember_fast(fiber, address, size, kind, caller);
    return is_remembered;
  };
  const uintptr_t end = address + size;
  for (uintptr_t at = address; at < end;) {
    const uintptr_t next = (at & ~(kCellBytes - 1)) + kCellBytes;
    const Stamp wanted =
        running | static_cast<Stamp>(kind) | byte_mask(at, (next < end ? next : end) - at);
    Cell& cell = cell_at(at);
    at = next;
    if (cell_is_covered(cell, wanted)) continue;
    const Fast result = stamp_any_fast(cell, wanted, OrderedByHint{fiber.known}, remember);
    if (result != Fast::kDone) return result;
  }
  return Fast::kDone;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_RECORD_FAST_H
