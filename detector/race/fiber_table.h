// fiber_table.h: all fibers: the live ones as a list, all that ever were by id.
//
// State:    a FiberInfo of 88 bytes for each fiber that ever was, in chunks by id.
// Threads:  any; one spin lock for the list. Look-up by id takes none.
#ifndef FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H
#define FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H

#include "detector/fiber.h"

namespace fibersan {

// A later run() counts from 1 again: the record of the same id begins anew then.
FiberInfo* make_fiber_info(uint64_t id, uint64_t creator_id, StackId created, const char* name);

void add_live(fsan_fiber& fiber);
void remove_live(fsan_fiber& fiber);
// Any of them; null when there is none.
fsan_fiber* first_live();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_FIBER_TABLE_H
