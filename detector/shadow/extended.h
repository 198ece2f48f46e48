// extended.h: the stamps of a cell that needs more than two.
//
// State:    records in one reserved array, named by the epoch bits of an EXTENDED stamp;
//           each has a lock, its cell and a list of chunks of stamps.
// Cost:     linear in the stamps of the cell, which are at most kStampLimit.
// Threads:  any. A record's content changes under its lock.
//
// Invariants
//   E1  A record belongs to one cell from the exchange that put its EXTENDED stamp into
//       slot 0 until the one that takes it out; who has locked a record checks that.
//   E2  Every stamp of the cell is in its record; slot 1 only repeats one.
//   E3  Stamps beyond kStampLimit are counted as forgotten.
//   E4  A stamp that moves between slot and record is in at least one of the two at any
//       moment, for whoever reads slots and record as for_each_stamp() does: it is put into
//       the record, or the record locked, before slot 0 changes to EXTENDED; it is taken out
//       of the record, and the record unlocked, after the slot was written. Slot 1 is
//       overwritten only after slot 0 says EXTENDED.
#ifndef FIBERSAN_DETECTOR_SHADOW_EXTENDED_H
#define FIBERSAN_DETECTOR_SHADOW_EXTENDED_H

#include <cstdint>

#include "detector/shadow/cell.h"

namespace fibersan {

inline constexpr unsigned kStampLimit = 1u << 16;

// For an access for which check_cell() said kExtended or kFull (with what it saw).
// Adds the races it finds to `result`, whose step becomes kStamped or kCovered, or
// kExtended when the cell changed and check_cell() has to look again.
void check_extended(Cell& cell, Stamp access, const FiberClock& clock, CellResult& result);

// The cell's stamps are forgotten: both slots become 0 and a record is free again.
void clear_extended(Cell& cell);

// Calls visit(stamp, data) for each stamp of the cell, some of them perhaps twice, and none
// that is there all the time is left out (E4), whatever others do to the cell meanwhile. For a
// record under its lock: `visit` takes no lock of a rank up to 16 and calls nothing of this.
void for_each_stamp(Cell& cell, void (*visit)(Stamp, void*), void* data);

// Stamps that found no room.
uint64_t dropped_stamps();
// Records in use, for tests.
uint64_t extended_cells();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_EXTENDED_H
