// foreign_run.h: run() on a thread that is not the main one.
//
// How that thread came to be, and that it ends, is not seen yet, so nothing is known of
// the order between the main thread and such a run. Without false positives that means:
//
// Invariants
//   F1  A run begins after all that ended fibers did, on whichever thread they ran.
//   F2  What the main thread does outside of fibers never races with a fiber of a foreign
//       run. A known miss; the thread is counted among those that are not checked.
//
// Threads:  any; one run at a time, which is the runtime's rule.
#ifndef FIBERSAN_DETECTOR_RACE_FOREIGN_RUN_H
#define FIBERSAN_DETECTOR_RACE_FOREIGN_RUN_H

#include "detector/fiber.h"

namespace fibersan {

// run() begins on the calling thread.
void note_run_started();

// Knowledge for the first fiber of a foreign run (F1).
SpawnSnapshot snapshot_for_foreign_run();

// F2: `previous` was found by an access of `fiber`.
bool between_main_and_foreign_run(const fsan_fiber& fiber, Stamp previous);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_FOREIGN_RUN_H
