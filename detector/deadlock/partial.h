// partial.h: the findings about fibers that can never run again.
//
// Input:    those that were dead in two looks, copied while the world stood still.
// Output:   a finding for each set of them that have to do with each other: they wait at one
//           place, for one object, for a lock that one of them holds, or for its end.
// Threads:  one, once the world moves again.
// Not here: who is dead, see reachable.cpp.
//
// Invariants
//   P1  Fibers that wait in the same way at the same places as in an earlier finding are counted
//       as another occurrence of it.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_PARTIAL_H
#define FIBERSAN_DETECTOR_DEADLOCK_PARTIAL_H

#include <span>

#include "detector/deadlock/waiters.h"

namespace fibersan {

// In any order. `holds`: locks of fibers that are dead, also of those that were reported before.
void report_partial_deadlocks(std::span<const Waiter> dead, std::span<const Hold> holds,
                              bool run_is_over);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_PARTIAL_H
