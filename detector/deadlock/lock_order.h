// lock_order.h: locks that fibers and threads take in different orders: deadlocks that have not
// happened in this run.
//
// Input:    each lock that somebody waits for, if need be, while holding others; places in memory
//           that are no locks any more.
// Output:   a LockCycle as soon as fibers could block each other for ever (cycle_search.h),
//           reported at once on the thread that closes it.
// State:    acquisitions.h, process-wide; known_nestings.h in each fiber.
// Cost:     for a fiber that holds nothing one test by the caller; else a hash of the locks held
//           and a look; behind a hard release a look-up under one lock for all.
// Threads:  any; called with no lock of the detector held.
// Not here: a deadlock that is happening, see global.cpp.
//
// Invariants
//   O1  What is locked by try_lock, or with a time-out, blocks nobody for ever: it is no lock
//       taken here, but one held.
//   O2  An earlier moment of the fiber need not be looked at again before its next hard release:
//       until then nobody is ordered behind it, and what the fiber learns only orders more.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_LOCK_ORDER_H
#define FIBERSAN_DETECTOR_DEADLOCK_LOCK_ORDER_H

#include <cstdint>

#include "detector/clock/hard_past.h"
#include "detector/fiber.h"

namespace fibersan {

// detect_deadlocks; before the first lock. Without this call: yes.
void want_lock_order(bool wanted);

// The running fiber has taken the lock, at the stack `at`, and holds others, but not yet this one
// in its list.
void note_nested_lock(fsan_fiber& fiber, const void* lock, bool write, StackId at);

// Locks in the range are no more.
void forget_nested_locks(uintptr_t address, uint64_t size);
inline void forget_locks(uintptr_t address, uint64_t size) {
  if (__builtin_expect(locks_nest(), 0)) forget_nested_locks(address, size);
}

// Acquisitions and searches that were given up.
uint64_t forgotten_lock_orders();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_LOCK_ORDER_H
