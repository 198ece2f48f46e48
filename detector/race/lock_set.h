// lock_set.h: the locks that a fiber held at some time, as a number for the history.
//
// Input:    the locks held, in order of acquisition.
// Output:   equal sets get equal ids; an id gives its set back for ever.
// Cost:     one hash look-up under a spin lock at each lock and unlock.
// Threads:  any; lock_set() takes no lock.
//
// Invariants
//   S1  A set is immutable once its id has been returned. Id 0 is the empty set, and what
//       there is no room for: reports then name no mutex, no race is lost.
#ifndef FIBERSAN_DETECTOR_RACE_LOCK_SET_H
#define FIBERSAN_DETECTOR_RACE_LOCK_SET_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/fiber.h"

namespace fibersan {

LockSetId add_lock_set(std::span<const HeldLock> locks);
std::span<const HeldLock> lock_set(LockSetId id);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_LOCK_SET_H
