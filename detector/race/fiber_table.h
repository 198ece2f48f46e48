// fiber_table.h: the live fibers as a list. What stays of others: known_fibers.h.
//
// Threads:  any; one spin lock.
#ifndef FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H
#define FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H

#include "detector/fiber.h"

namespace fibersan {

void add_live(fsan_fiber& fiber);
void remove_live(fsan_fiber& fiber);
// Any of them; null when there is none.
fsan_fiber* first_live();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H
