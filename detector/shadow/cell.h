// cell.h: what was done to 8 bytes of the program: two stamps, and the algorithm on them.
//
// Input:    a cell, the stamp of an access to it (kind and mask set), the running
//           fiber's clock.
// Output:   the stamps found there that race with the access; the access's own stamp is
//           left behind.
// Cost:     a covered access is two loads; otherwise one compare-and-swap and one reload.
// Threads:  any, on any cell, at the same time. Exclusive: one thread in the process.
// Not here: more than two stamps that all matter, see extended.h; which fiber, which
//           address, what to report: race/.
//
// Invariants
//   C1  Two simultaneous accesses that race: at least one of the two threads sees the
//       other's stamp. Both put theirs by compare-and-swap; the same slot: one fails and
//       looks again; different slots: each reloads the other slot after its own
//       exchange, and of two exchanges and two reloads in a total order the last reload
//       comes after both exchanges. That order is why they are seq_cst.
//   C2  A stamp is only replaced by one that whoever races with it races with too.
//   C3  Masks of different segments or kinds are never merged.
//   C4  Slot 0 with the EXTENDED lane says that the stamps are in a record; slot 1 then
//       repeats one of them, so that the inline check of its owner still hits.
//   C5  Slot 0 may have been extended and be what it was again, and slot 1 overwritten
//       meanwhile (extended.h E5). So whoever exchanged slot 1 reloads slot 0, then slot 1:
//       if its stamp is still there, it was not overwritten when slot 0 was read.
#ifndef FIBERSAN_DETECTOR_SHADOW_CELL_H
#define FIBERSAN_DETECTOR_SHADOW_CELL_H

#include "detector/clock/fiber_clock.h"
#include "detector/clock/stamp.h"
#include "detector/shadow/races.h"

namespace fibersan {

struct Cell {
  Stamp slots[2];
};
static_assert(sizeof(Cell) == 16);

// The steps of the algorithm on shared memory. Model tests bring their own.
struct SharedSlots {
  // seq_cst: see C1.
  static Stamp load(const Stamp& slot) { return __atomic_load_n(&slot, __ATOMIC_SEQ_CST); }
  static bool exchange(Stamp& slot, Stamp expected, Stamp desired) {
    return __atomic_compare_exchange_n(&slot, &expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
  }
};

// While only one thread executes accesses, plain stores are exact.
struct ExclusiveSlots {
  static Stamp load(const Stamp& slot) { return __atomic_load_n(&slot, __ATOMIC_RELAXED); }
  static bool exchange(Stamp& slot, Stamp, Stamp desired) {
    __atomic_store_n(&slot, desired, __ATOMIC_RELAXED);
    return true;
  }
};

enum class CellStep { kCovered, kStamped, kExtended, kFull };

struct CellResult {
  CellStep step = CellStep::kCovered;
  Races races;  // what nothing orders before the access
  Stamp seen[2] = {0, 0};
};

// Nothing that could race with the access would miss the stamp that is there.
inline bool cell_covers(const Cell& cell, Stamp access) {
  const Stamp first = __atomic_load_n(&cell.slots[0], __ATOMIC_RELAXED);
  const Stamp second = __atomic_load_n(&cell.slots[1], __ATOMIC_RELAXED);
  return stamp_subsumes(first, access) || stamp_subsumes(second, access);
}

// `access` comes after `earlier` in time: do they race?
inline bool races_with(Stamp earlier, Stamp access, const FiberClock& clock) {
  return masks_overlap(earlier, access) && kinds_conflict(earlier, access) &&
         !clock.covers(earlier);
}

// `access` may take the place of `earlier` (C2): it covers at least its bytes, with a kind
// that conflicts with at least as much, and is ordered after it.
inline bool replaces(Stamp access, Stamp earlier, const FiberClock& clock) {
  return mask_is_superset(access, earlier) && (access & ~earlier & kStampKindField) == 0 &&
         clock.covers(earlier);
}

inline bool same_segment_and_kind(Stamp a, Stamp b) { return ((a ^ b) & ~kStampMaskBits) == 0; }

// `stamp`, wherever else it is, makes `earlier` needless (C2): a lane is a chain.
[[gnu::always_inline]] inline bool outdoes_on_lane(Stamp stamp, Stamp earlier) {
  return same_lane(stamp, earlier) && !stamp_is_freed(stamp) &&
         (stamp & kStampEpochField) >= (earlier & kStampEpochField) &&
         mask_is_superset(stamp, earlier) && (stamp & ~earlier & kStampKindField) == 0;
}

// A stamp of the own lane leaves the preferred slot to the access if that is empty, even where the
// access outdoes it: the inline check finds a write only there. It can still go when room is
// needed.
[[gnu::always_inline]] inline bool stays_beside(Stamp seen, Stamp access) {
  return seen != 0 && same_lane(seen, access);
}

// Where to put `access`: the index of a slot, or -1 when both matter still.
inline int slot_for(const Stamp (&seen)[2], Stamp access, const FiberClock& clock) {
  for (int i : {0, 1}) {
    if (seen[i] != 0 && same_segment_and_kind(seen[i], access)) return i;
  }
  const int preferred = stamp_is_read(access) ? 1 : 0;
  if (seen[preferred] == 0 && stays_beside(seen[1 - preferred], access)) return preferred;
  for (int i : {preferred, 1 - preferred}) {
    if (seen[i] != 0 && replaces(access, seen[i], clock)) return i;
  }
  for (int i : {preferred, 1 - preferred}) {
    if (seen[i] == 0) return i;
  }
  // The other may have grown by a merge since.
  for (int i : {0, 1}) {
    if (outdoes_on_lane(seen[1 - i], seen[i])) return i;
  }
  return -1;
}

// kStamped: done. kCovered: nothing to do. kExtended: the record decides. kFull: `seen`
// both matter and the cell needs a record.
template <typename Slots>
CellResult check_cell(Cell& cell, Stamp access, const FiberClock& clock) {
  CellResult result;
  for (;;) {
    for (int i : {0, 1}) result.seen[i] = Slots::load(cell.slots[i]);
    if (stamp_is_extended(result.seen[0])) {
      result.step = CellStep::kExtended;
      return result;
    }
    result.races.clear();
    for (Stamp earlier : result.seen) {
      if (stamp_subsumes(earlier, access)) {
        result.step = CellStep::kCovered;
        return result;
      }
      if (earlier != 0 && races_with(earlier, access, clock)) result.races.add(earlier);
    }
    const int slot = slot_for(result.seen, access, clock);
    if (slot < 0) {
      result.step = CellStep::kFull;
      return result;
    }
    const Stamp before = result.seen[slot];
    const bool merge = before != 0 && same_segment_and_kind(before, access);
    const Stamp after = merge ? before | (access & kStampMaskBits) : access;
    if (!Slots::exchange(cell.slots[slot], before, after)) continue;  // C1: look again
    const Stamp other = Slots::load(cell.slots[1 - slot]);            // C1
    if (other != result.seen[1 - slot]) {
      // Extended meanwhile: slot 1 shows one stamp of many (C4), and the record may have
      // been made without us.
      const Stamp first = slot == 1 ? other : Slots::load(cell.slots[0]);
      if (stamp_is_extended(first)) {
        result.step = CellStep::kExtended;
        return result;
      }
      if (other != 0 && races_with(other, access, clock)) result.races.add(other);
    }
    if (slot == 1 && Slots::load(cell.slots[1]) != after) continue;  // C5
    result.step = CellStep::kStamped;
    return result;
  }
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_CELL_H
