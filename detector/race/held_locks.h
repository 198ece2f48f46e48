// held_locks.h: questions about the locks that a fiber holds.
//
// Threads:  the thread that runs the fiber, or has just stopped running it for good.
// Not here: how locks are added and removed, see hooks_edges.cpp.
#ifndef FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H
#define FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H

#include "detector/fiber.h"

namespace fibersan {

// Locks that another fiber unlocked in this one's place (a finding of the runtime's) leave
// its set.
void drop_released_by_others(fsan_fiber& fiber);

bool holds_for_reading(const fsan_fiber& fiber, const void* lock);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H
