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
// `of_thread`: a lock of the system's.
void note_lock_acquired(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller, bool of_thread = false);
// Without a caller its place is not noted for reports.
bool note_lock_released(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller = {0, nullptr, 0, 0});

// What the end of a thread does with a robust mutex, or a wait with its mutex, which stays in the
// set of locks held.
void release_lock(fsan_fiber& fiber, const void* lock, const Caller& caller);
void acquire_lock_again(fsan_fiber& fiber, const void* lock, const Caller& caller);

// Locks that another fiber unlocked in this one's place (a finding of the runtime's) leave
// its set.
void drop_released_by_others(fsan_fiber& fiber);

// Another fiber unlocked it in its holder's place, and the holder has not looked since.
bool released_by_another(const void* lock);

// Its holder has ended with it, and nobody has taken it since.
void note_left_locked(const fsan_fiber& fiber);
bool left_locked(const void* lock);

// Somebody has unlocked in another one's place: what fibers hold is not surely known since.
bool somebody_released_for_another();

bool holds(const fsan_fiber& fiber, const void* lock);
bool holds_for_reading(const fsan_fiber& fiber, const void* lock);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_HELD_LOCKS_H
