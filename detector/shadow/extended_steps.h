// extended_steps.h: how an access goes on when its cell has a record or needs one.
//
// Input:    what check_cell() left behind (cell.h).
// Output:   the rest of the access's races, and its stamp in the record or in slot 0.
// Threads:  any. Templated over the steps, so that a model can interleave them:
//             load, exchange, swap                 of slots, seq_cst as in cell.h C1
//             store                                of slots, under the lock: release
//             take, give_back                      a record; 0: there is none
//             lock, unlock                         all of it, or a reader's part
//             put, look, clear, visit              its stamps, under the locks
//             forget                               counts a stamp that has no place
//
// Invariants: E1 to E5 of extended.h, kept where they are named.
#ifndef FIBERSAN_DETECTOR_SHADOW_EXTENDED_STEPS_H
#define FIBERSAN_DETECTOR_SHADOW_EXTENDED_STEPS_H

#include "detector/shadow/record.h"

namespace fibersan {

constexpr Stamp extended_stamp(uint32_t number) { return make_stamp(kExtendedLane, number); }

// Where the two go that a record is left with: the newest to where its fiber's inline check looks.
struct SlotPair {
  Stamp first;
  Stamp second;
};
[[gnu::always_inline]] inline SlotPair slots_for(Stamp newest, Stamp beside) {
  if (beside != 0 && stamp_is_read(newest)) return {beside, newest};
  return {newest, beside};
}

// With the record locked, and the cell's.
template <typename Steps>
void access_record(Steps& steps, uint32_t number, Record::Hold hold, Cell& cell, Stamp access,
                   const FiberClock& clock, CellResult& result) {
  const Looked looked = steps.look(number, access, clock, result.races, hold);
  result.step = looked.was_there ? CellStep::kCovered : CellStep::kStamped;
  if (looked.only == 0) {
    // Whoever exchanged slot 1 meanwhile reloads slot 0 and comes here. Beside others only a
    // new stamp is shown: what each reader stores, all others' caches lose.
    if (hold == Record::Hold::kAlone || !looked.was_there) {
      steps.store(cell.slots[1], looked.shown != 0 ? looked.shown : access);
    }
    steps.unlock(number, hold);
    return;
  }
  // E5. Whoever exchanges slot 1 between the two stores stays there: it reloads slot 0.
  const SlotPair pair = slots_for(looked.only, looked.beside);
  steps.store(cell.slots[1], pair.second);
  steps.store(cell.slots[0], pair.first);
  steps.clear(number);  // E4: after the slot was written
  steps.unlock(number, hold);
  steps.give_back(number);
}

// There is no record to be had: the less telling of the two stamps is forgotten, a read
// before a write. The slot where such an access would go decides between equals.
template <typename Steps>
void forget_slot(Steps& steps, Cell& cell, Stamp access, CellResult& result) {
  const bool first_reads = stamp_is_read(result.seen[0]);
  const bool second_reads = stamp_is_read(result.seen[1]);
  const int slot = first_reads != second_reads ? (second_reads ? 1 : 0) : stamp_is_read(access);
  result.step = CellStep::kExtended;
  if (!steps.exchange(cell.slots[slot], result.seen[slot], access)) return;  // look again
  steps.forget();
  const Stamp other = steps.load(cell.slots[1 - slot]);  // C1
  if (other != result.seen[1 - slot]) return;
  // C5. Looking again, two that overwrite each other would go on for ever.
  if (slot == 1 && steps.load(cell.slots[1]) != access) steps.forget();
  result.step = CellStep::kStamped;
}

template <typename Steps>
void extend_cell(Steps& steps, Cell& cell, Stamp access, const FiberClock& clock,
                 CellResult& result) {
  const uint32_t number = steps.take();
  if (number == 0) return forget_slot(steps, cell, access, result);
  const Record::Hold hold = steps.lock(number, false);
  steps.put(number, result.seen[0]);  // E4: before the slot changes
  if (!steps.exchange(cell.slots[0], result.seen[0], extended_stamp(number))) {
    steps.clear(number);
    steps.unlock(number, hold);
    steps.give_back(number);
    result.step = CellStep::kExtended;  // somebody was faster: look again
    return;
  }
  // What is in slot 1 now, not what we saw: it may have been replaced, and must not come back.
  // Whoever exchanges slot 1 from now on fails, or sees slot 0 changed and comes here.
  const Stamp second = steps.swap(cell.slots[1], access);
  if (second != 0) steps.put(number, second);
  access_record(steps, number, hold, cell, access, clock, result);
}

template <typename Steps>
void access_extended(Steps& steps, Cell& cell, Stamp access, const FiberClock& clock,
                     CellResult& result) {
  if (result.step == CellStep::kFull) return extend_cell(steps, cell, access, clock, result);
  result.step = CellStep::kExtended;
  const Stamp first = steps.load(cell.slots[0]);
  if (!stamp_is_extended(first)) return;
  const uint32_t number = stamp_epoch(first);
  const Record::Hold hold = steps.lock(number, stamp_is_read(access));
  if (steps.load(cell.slots[0]) != first) {  // E1
    steps.unlock(number, hold);
    return;
  }
  access_record(steps, number, hold, cell, access, clock, result);
}

// Calls visitor(stamp) for each stamp of the cell (E4). False: it changed, look again; what was
// visited is true all the same.
template <typename Steps, typename Visit>
bool visit_stamps_once(Steps& steps, Cell& cell, Visit visitor) {
  const Stamp first = steps.load(cell.slots[0]);
  if (!stamp_is_extended(first)) {
    const Stamp second = steps.load(cell.slots[1]);
    // Changed meanwhile: slot 1 may have been overwritten by a copy, and what it held may
    // have been in a record and be in slot 0 by now.
    if (steps.load(cell.slots[0]) != first) return false;
    if (first != 0) visitor(first);
    if (second != 0) visitor(second);
    return true;
  }
  const uint32_t number = stamp_epoch(first);
  const Record::Hold hold = steps.lock(number, false);
  const bool is_there = steps.load(cell.slots[0]) == first;  // E1
  if (is_there) steps.visit(number, visitor);
  steps.unlock(number, hold);
  return is_there;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_EXTENDED_STEPS_H
