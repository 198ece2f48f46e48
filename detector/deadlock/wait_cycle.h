// wait_cycle.h: fibers that wait for each other in a ring, seen when the last of them blocks.
//
// Input:    a fiber that begins to wait without a time-out: for a lock, a join or a Once.
// Output:   one partial deadlock that names each fiber of the ring, what it waits for and where it
//           took what the one before waits for.
// Cost:     nothing for other waits; a look at the fiber in front, mostly: it runs. A writer that
//           waits for readers looks at all fibers, if it holds a lock itself. The rest for a ring.
// Threads:  the fiber that begins to wait.
// Not here: rings through channels and other objects that anybody may use, see reachable.h; a
//           fiber that waits for itself is misuse (race/hooks_fiber.cpp, runtime/sync).
//
// Invariants
//   C1  A ring is looked at twice. A fiber whose turn is the same in both looks has waited all the
//       time between, and has neither taken nor left a lock: so there was a moment when all of
//       them waited for each other.
//   C2  Who holds a lock is asked of the fiber's own set. What the runtime names as the one in
//       front is where to look first.
//   C3  Of two fibers that close a ring at once at least one sees it (Waiting::begins).
//
// Known misses, which the search by reachability finds later: rings of more than kMostFibers, or
// with a lock that more than kMostHolders hold for reading; a writer without locks of its own in
// front of whom a reader waits for a join.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_WAIT_CYCLE_H
#define FIBERSAN_DETECTOR_DEADLOCK_WAIT_CYCLE_H

#include <cstddef>
#include <cstdint>

#include "detector/fiber.h"

namespace fibersan {

struct WaitCycle {
  static constexpr size_t kMostFibers = 64;
  static constexpr size_t kMostHolders = 32;

  // Waits for what the next one holds, or is; the last one waits for the first.
  struct Link {
    uint64_t fiber = 0;
    uint32_t turn = 0;
  };
  size_t count = 0;
  Link links[kMostFibers];
};

// A wait that only some other fiber can end: for a lock, for somebody's end.
inline bool is_ring_reason(fsan_wait_reason reason) {
  return is_lock_wait(reason) || is_end_wait(reason);
}

// The ring that begins with this fiber, which has said what it waits for. False: there is none.
bool find_wait_cycle(const fsan_fiber& fiber, WaitCycle& cycle);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_WAIT_CYCLE_H
