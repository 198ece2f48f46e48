// held_locks.h: the locks that a fiber or thread holds, and the edges they make.
//
// Threads:  the thread that runs the fiber, or has just stopped running it for good.
#ifndef FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H
#define FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H

#include "detector/fiber.h"
#include "detector/race/access.h"

namespace fibersan {

// The events of the hooks lock_acquired and lock_released, wherever they come from. False:
// the fiber did not hold it.
void note_lock_acquired(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller);
// Without a caller its place is not noted for reports.
bool note_lock_released(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller = {0, nullptr, 0, 0});

// Locks that another fiber unlocked in this one's place (a finding of the runtime's) leave
// its set.
void drop_released_by_others(fsan_fiber& fiber);

bool holds_for_reading(const fsan_fiber& fiber, const void* lock);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H
