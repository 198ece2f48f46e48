// access_fast.h: the accesses that need no thought, without a call and without a race.
//
// Input:    as access.h, for one cell or two whole ones.
// Output:   done, or what is left to be done by the general way (access.h).
// Cost:     see README.md.
// Threads:  any.
// Not here: records, see record_fast.h; races, contexts seen for the first time: all that is left
//           to access.h, which decides everything anew.
//
// Invariants
//   F1  What is decided here check_cell() would decide alike (C1, C2, C3 of shadow/cell.h):
//       only stamps of the own lane, and of the fiber's `known`, count as ordered before.
//   F2  `known` stays true: a clock only grows, and the fiber is this one.
//   F3  The event is recorded before the stamp is put (access.h A1).
//   F4  While the main thread is alone (concurrency.h N2) its stamp says the whole cell is
//       written, and no event is recorded: it races with nobody, so nobody asks for its stack,
//       and everybody knows the epoch. The next access to the cell finds it inline.
#ifndef FIBERSAN_DETECTOR_RACE_ACCESS_FAST_H
#define FIBERSAN_DETECTOR_RACE_ACCESS_FAST_H

#include "detector/history/context.h"
#include "detector/race/access.h"
#include "detector/race/concurrency.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

enum class Fast {
  kDone,
  kSlow,      // nothing was done to the cell
  kLookAgain  // stamped, or not: somebody else was there at the same time
};

#define FIBERSAN_INLINE [[gnu::always_inline]] inline

// What is to be done to one cell.
struct CellPlan {
  Stamp* slot = nullptr;  // null: the general way
  Stamp seen = 0;
  Stamp other_seen = 0;
  Stamp desired = 0;
};

// A pointer to the other slot of the same cell.
FIBERSAN_INLINE Stamp* other_slot(Stamp* slot) {
  return reinterpret_cast<Stamp*>(reinterpret_cast<uintptr_t>(slot) ^ sizeof(Stamp));
}
static_assert(sizeof(Cell) == 16);

FIBERSAN_INLINE bool covered_fast(Stamp first, Stamp second, Stamp wanted) {
  return stamp_subsumes(first, wanted) || stamp_subsumes(second, wanted);
}

// Whether a stamp of another lane is ordered before, as far as one that the clock covers tells
// (F2), or as the clock says.
struct OrderedByHint {
  Stamp known;
  FIBERSAN_INLINE bool operator()(Stamp seen) const {
    return same_lane(seen, known) && (seen & kStampEpochField) <= (known & kStampEpochField);
  }
};
struct OrderedByClock {
  const FiberClock& clock;
  FIBERSAN_INLINE bool operator()(Stamp seen) const { return clock.covers(seen); }
};

// The stamp that is in the preferred slot, or in the other one.
enum class Found {
  kEmpty,
  kReplaced,  // ordered before, and outdone
  kMerged,    // of the same segment and kind
  kStays,     // harmless
  kUnknown    // may race, or extended
};
template <typename Ordered>
FIBERSAN_INLINE Found judge(Stamp seen, Stamp wanted, Ordered ordered) {
  if (seen == 0) return Found::kEmpty;
  if (same_lane(seen, wanted) || ordered(seen)) {
    if ((wanted & ~seen & kStampKindField) == 0 && mask_is_superset(wanted, seen))
      return Found::kReplaced;
    return same_segment_and_kind(seen, wanted) ? Found::kMerged : Found::kStays;
  }
  // Two reads never race, nor two atomics. A stamp that is EXTENDED has no kind and no bytes.
  return kinds_conflict(seen, wanted) ? Found::kUnknown : Found::kStays;
}

// As slot_for(): what can be replaced or merged before what is empty, the preferred slot first;
// but it is taken empty, too, beside an own stamp.
template <typename Ordered>
FIBERSAN_INLINE CellPlan plan_cell(Cell& cell, Stamp preferred, Stamp other, Stamp wanted,
                                   Ordered ordered) {
  const Found found = judge(preferred, wanted, ordered);
  const Found other_found = judge(other, wanted, ordered);
  if (found == Found::kUnknown || other_found == Found::kUnknown) return {};
  Stamp* const slot = &cell.slots[stamp_is_read(wanted) ? 1 : 0];
  if (found == Found::kReplaced) return {slot, preferred, other, wanted};
  if (found == Found::kMerged) return {slot, preferred, other, preferred | wanted};
  if (other_found == Found::kReplaced) {
    if (found == Found::kEmpty && stays_beside(other, wanted))
      return {slot, preferred, other, wanted};
    return {other_slot(slot), other, preferred, wanted};
  }
  if (other_found == Found::kMerged) return {other_slot(slot), other, preferred, other | wanted};
  if (found == Found::kEmpty) return {slot, preferred, other, wanted};
  if (other_found == Found::kEmpty) return {other_slot(slot), other, preferred, wanted};
  if (outdoes_on_lane(other, preferred)) return {slot, preferred, other, wanted};
  if (outdoes_on_lane(preferred, other)) return {other_slot(slot), other, preferred, wanted};
  return {};
}

// Exclusive: nobody else is there. Shared: as in check_cell(), C1 and C5.
FIBERSAN_INLINE bool carry_out(const CellPlan& plan, bool parallel) {
  if (!parallel) return ExclusiveSlots::exchange(*plan.slot, plan.seen, plan.desired);
  const bool is_slot1 = (reinterpret_cast<uintptr_t>(plan.slot) & sizeof(Stamp)) != 0;
  return SharedSlots::exchange(*plan.slot, plan.seen, plan.desired) &&
         SharedSlots::load(*other_slot(plan.slot)) == plan.other_seen &&
         (!is_slot1 || SharedSlots::load(*plan.slot) == plan.desired);
}

// The ring learns who runs in which epoch. False: with many locks, or it is full.
FIBERSAN_INLINE bool begin_segment_fast(fsan_fiber& fiber) {
  if (!this_thread.ring->start_short_segment(fiber.clock.lane(), fiber.clock.epoch(),
                                             fiber.info->id, fiber.held_locks.data(),
                                             fiber.held_locks.size()))
    return false;
  this_thread.segment_is_stale = false;
  return true;
}

// False: it needs a call.
FIBERSAN_INLINE bool remember_fast(fsan_fiber& fiber, uintptr_t address, uint64_t size,
                                   AccessKind kind, const Caller& caller) {
  if (__builtin_expect(this_thread.segment_is_stale, 0) && !begin_segment_fast(fiber)) return false;
  if (!this_thread.ring->has_room()) return false;
  const uint64_t context = known_access_context(caller.context, caller.place);
  if (context == 0) return false;
  this_thread.ring->record_small(address, size, !stamp_is_read(static_cast<Stamp>(kind)),
                                 stamp_is_atomic(static_cast<Stamp>(kind)), context);
  note_stack_use(fiber, address, reinterpret_cast<uintptr_t>(caller.frame));
  fiber.clock.touched();
  return true;
}

FIBERSAN_INLINE Stamp load_slot(const Cell& cell, int i) {
  return __atomic_load_n(&cell.slots[i], __ATOMIC_RELAXED);  // the exchange confirms it
}
FIBERSAN_INLINE bool cell_is_covered(const Cell& cell, Stamp wanted) {
  return covered_fast(load_slot(cell, 0), load_slot(cell, 1), wanted);
}

// An object that is destroyed gets the vptr it has already, while others may still call it. In
// fresh memory an equal value is what the last object there left behind, and means nothing.
FIBERSAN_INLINE bool keeps_vptr(uintptr_t address, uint64_t value) {
  if (__atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED) != value)
    return false;
  const Cell& cell = cell_at(address);
  return load_slot(cell, 0) != 0 || load_slot(cell, 1) != 0;
}

// The stamp that instrumented code reads, which is the running fiber's, or 0 (thread.h T1).
FIBERSAN_INLINE Stamp running_stamp() {
  const Stamp running = __fsan_running.stamp;
  __builtin_assume((running & (kStampKindField | kStampMaskBits)) == 0);
  return running;
}

template <typename Ordered>
FIBERSAN_INLINE CellPlan plan_access(Cell& cell, Stamp wanted, Ordered ordered) {
  const int preferred = stamp_is_read(wanted) ? 1 : 0;
  return plan_cell(cell, load_slot(cell, preferred), load_slot(cell, 1 - preferred), wanted,
                   ordered);
}
FIBERSAN_INLINE CellPlan plan_access(Cell& cell, Stamp wanted, const fsan_fiber& fiber) {
  return plan_access(cell, wanted, OrderedByHint{fiber.known});
}

// An access within one cell, which `wanted` says. It may be covered already.
template <typename Ordered>
FIBERSAN_INLINE Fast stamp_one_fast(fsan_fiber& fiber, Stamp wanted, uintptr_t address,
                                    uint64_t size, const Caller& caller, Ordered ordered) {
  const CellPlan plan = plan_access(cell_at(address), wanted, ordered);
  if (plan.slot == nullptr) return Fast::kSlow;
  if (plan.desired == plan.seen) return Fast::kDone;
  if (!remember_fast(fiber, address, size, stamp_kind(wanted), caller)) return Fast::kSlow;
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  return carry_out(plan, parallel) ? Fast::kDone : Fast::kLookAgain;
}

// F4. False: the cell has a record, or is freed, and needs thought.
FIBERSAN_INLINE bool stamp_cell_alone(Cell& cell, Stamp running) {
  constexpr LaneId kFirstSpecialLane = kFreedLane;
  static_assert(kFirstSpecialLane < kExtendedLane);
  if (stamp_lane(load_slot(cell, 0)) >= kFirstSpecialLane ||
      stamp_lane(load_slot(cell, 1)) >= kFirstSpecialLane)
    return false;
  ExclusiveSlots::exchange(cell.slots[0], 0, running | kStampMaskBits);
  ExclusiveSlots::exchange(cell.slots[1], 0, 0);
  return true;
}
// `size` is not 0.
FIBERSAN_INLINE Fast stamp_cells_alone(fsan_fiber& fiber, Stamp running, uintptr_t address,
                                       uint64_t size) {
  fiber.clock.touched();
  const Cell* const last = &cell_at(address + size - 1);
  for (Cell* cell = &cell_at(address); cell <= last; ++cell)
    if (!stamp_cell_alone(*cell, running)) return Fast::kSlow;
  return Fast::kDone;
}

// Of the same lane and kind, with no byte that the access has not.
FIBERSAN_INLINE bool outdoes_own(Stamp wanted, Stamp seen) {
  return ((seen ^ wanted) & (kStampLaneField | kStampKindField)) == 0 &&
         mask_is_superset(wanted, seen);
}

// An aligned access of kSize bytes within one cell. Not covered, says the inline check.
template <unsigned kSize, AccessKind kKind>
FIBERSAN_INLINE Fast access_one_fast(uintptr_t address, const Caller& caller) {
  const Stamp running = running_stamp();
  if (__builtin_expect(running == 0, 0)) return Fast::kSlow;
  fsan_fiber& fiber = *this_thread.fiber;
  if (acts_alone()) return stamp_cells_alone(fiber, running, address, kSize);
  const Stamp wanted = running | static_cast<Stamp>(kKind) | byte_mask(address, kSize);
  return stamp_one_fast(fiber, wanted, address, kSize, caller, OrderedByHint{fiber.known});
}
// The commonest of them, in few registers: in the slot is the fiber's own stamp of an earlier
// epoch, or nothing, and in the other one nothing of others. What plan_cell() makes of these (F1).
template <unsigned kSize, AccessKind kKind>
FIBERSAN_INLINE Fast refresh_one_fast(uintptr_t address, const Caller& caller) {
  const Stamp running = running_stamp();
  if (__builtin_expect(running == 0 || this_thread.segment_is_stale || acts_alone(), 0))
    return Fast::kSlow;
  const Stamp wanted = running | static_cast<Stamp>(kKind) | byte_mask(address, kSize);
  constexpr int kSlot = kKind == AccessKind::kRead ? 1 : 0;
  Cell& cell = cell_at(address);
  const Stamp seen = load_slot(cell, kSlot);
  const Stamp other = load_slot(cell, 1 - kSlot);
  if (other != 0 && (!same_lane(other, wanted) || same_segment_and_kind(other, wanted)))
    return Fast::kSlow;
  if (seen != 0 && !outdoes_own(wanted, seen)) return Fast::kSlow;
  if (seen == wanted) return Fast::kDone;
  if (!remember_fast(*this_thread.fiber, address, kSize, kKind, caller)) return Fast::kSlow;
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  const CellPlan plan = {&cell.slots[kSlot], seen, other, wanted};
  return carry_out(plan, parallel) ? Fast::kDone : Fast::kLookAgain;
}
// A range within two cells whose stamps are there already, as of most short texts.
FIBERSAN_INLINE bool short_range_is_covered(uintptr_t address, uint64_t size, AccessKind kind) {
  const Stamp running = running_stamp();
  const uint64_t offset = address & 7;
  if (running == 0 || offset + size > 16) return false;
  const Stamp wanted = running | static_cast<Stamp>(kind);
  const uint32_t bytes = ((1u << size) - 1) << offset;
  const Cell* const cell = &cell_at(address);
  return cell_is_covered(cell[0], wanted | (bytes & 0xff)) &&
         (bytes <= 0xff || cell_is_covered(cell[1], wanted | bytes >> 8));
}

// Up to kWidestFast bytes anywhere; cells that are covered are left as they are. The event may be
// wanted all the same.
inline constexpr uint64_t kWidestFast = 64;
FIBERSAN_INLINE Fast access_cells_fast(uintptr_t address, uint64_t size, AccessKind kind,
                                       const Caller& caller, bool wants_event = false) {
  constexpr uint64_t kCellBytes = 8;
  const Stamp running = running_stamp();
  if (running == 0 || size == 0 || size > kWidestFast) return Fast::kSlow;
  fsan_fiber& fiber = *this_thread.fiber;
  if (acts_alone()) return stamp_cells_alone(fiber, running, address, size);
  const uintptr_t end = address + size;
  union Plans {
    FIBERSAN_INLINE Plans() {}  // not initialised: most cells are covered
    CellPlan of[kWidestFast / kCellBytes + 1];
  } plans;
  CellPlan* last = plans.of;
  for (uintptr_t at = address; at < end;) {
    const uintptr_t next = (at & ~(kCellBytes - 1)) + kCellBytes;
    const Stamp wanted =
        running | static_cast<Stamp>(kind) | byte_mask(at, (next < end ? next : end) - at);
    Cell& cell = cell_at(at);
    at = next;
    if (cell_is_covered(cell, wanted)) continue;
    *last = plan_access(cell, wanted, fiber);
    if (last->slot == nullptr) return Fast::kSlow;
    ++last;
  }
  if (last == plans.of && !wants_event) return Fast::kDone;
  if (!remember_fast(fiber, address, size, kind, caller)) return Fast::kSlow;
  // relaxed: it changes only while a single thread executes accesses.
  const bool parallel = accesses_are_parallel.load(std::memory_order_relaxed);
  bool is_alone = true;
  for (const CellPlan* plan = plans.of; plan != last; ++plan) {
    if (!carry_out(*plan, parallel)) is_alone = false;
  }
  return is_alone ? Fast::kDone : Fast::kLookAgain;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_ACCESS_FAST_H
