// extended.h: cells that need more than two stamps.
//
// State:    a record for each such cell, named by the epoch bits of an EXTENDED stamp.
// Cost:     see record.h.
// Threads:  any.
// Not here: what a record is made of, see record.h; the steps of the accesses on slots and
//           record, in an order that a model explores, see extended_steps.h.
//
// Invariants
//   E1  A record belongs to the cell whose slot 0 names it. That changes only while the
//       record is locked; who has locked it compares slot 0 again.
//   E2  Every stamp of the cell is in its record; slot 1 only repeats one.
//   E3  Stamps for which there is no memory are counted as forgotten.
//   E4  A stamp that moves between slot and record is in at least one of the two at any
//       moment, for whoever reads slots and record as for_each_stamp() does: it is put into
//       the record, and the record is locked, before slot 0 changes to EXTENDED; it is taken
//       out of the record, and the record is unlocked, after the slot was written. Slot 1 is
//       overwritten only after slot 0 says EXTENDED.
//   E5  A cell whose record is left with one or two stamps by an access that outdid the others
//       gets them back into its slots, and the record is free: slot 1 first, then slot 0. Slot 0
//       may then be what it was before the record, slot 1 is not: one of the two is the access's,
//       and new. See cell.h C5.
#ifndef FIBERSAN_DETECTOR_SHADOW_EXTENDED_H
#define FIBERSAN_DETECTOR_SHADOW_EXTENDED_H

#include <cstdint>

#include "detector/shadow/cell.h"

namespace fibersan {

// For an access for which check_cell() said kExtended or kFull (with what it saw).
// Adds the races it finds to `result`, whose step becomes kStamped or kCovered, or
// kExtended when the cell changed and check_cell() has to look again.
void check_extended(Cell& cell, Stamp access, const FiberClock& clock, CellResult& result);

// Whether the record of a cell has the access's stamp already: then it was checked, and is in the
// history. False when in doubt.
bool is_in_record(Cell& cell, Stamp access);

// The cell's stamps are forgotten: both slots become 0 and a record is free again.
void clear_extended(Cell& cell);

// Calls visit(stamp, data) for each stamp of the cell, some of them perhaps twice, and none
// that is there all the time is left out (E4), whatever others do to the cell meanwhile. For a
// record under its locks: `visit` takes no lock of a rank up to 18 and calls nothing of this.
void for_each_stamp(Cell& cell, void (*visit)(Stamp, void*), void* data);

// Stamps that found no room.
uint64_t dropped_stamps();
// Records in use, for tests.
uint64_t extended_cells();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_EXTENDED_H
