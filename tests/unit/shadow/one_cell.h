// one_cell.h: an access to one cell as race/access.cpp makes it, without history and hooks.
#ifndef FIBERSAN_TESTS_UNIT_SHADOW_ONE_CELL_H
#define FIBERSAN_TESTS_UNIT_SHADOW_ONE_CELL_H

#include <set>

#include "detector/shadow/cell.h"
#include "detector/shadow/extended.h"

namespace fibersan {

// The stamps that the access races with.
template <typename Slots>
Races access_cell(Cell& cell, Stamp access, FiberClock& clock) {
  if (cell_covers(cell, access)) return {};
  clock.touched();
  for (;;) {
    CellResult result = check_cell<Slots>(cell, access, clock);
    if (result.step == CellStep::kFull || result.step == CellStep::kExtended) {
      check_extended(cell, access, clock, result);
    }
    if (result.step != CellStep::kExtended) return std::move(result.races);
  }
}

// Of all stamps of the cell.
inline std::set<LaneId> lanes_of(Cell& cell) {
  std::set<LaneId> seen;
  for_each_stamp(
      cell,
      [](Stamp found, void* data) {
        static_cast<std::set<LaneId>*>(data)->insert(stamp_lane(found));
      },
      &seen);
  return seen;
}

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_SHADOW_ONE_CELL_H
