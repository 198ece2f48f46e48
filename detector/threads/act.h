// act.h: in whose name the C library's thread functions are called.
//
// Threads:  any.
//
// Invariants
//   A1  Where act() is null the call passes through unseen: the runtime's own work, the
//       detector's, the scheduler between two fibers.
#ifndef FIBERSAN_DETECTOR_THREADS_ACT_H
#define FIBERSAN_DETECTOR_THREADS_ACT_H

#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

#include "detector/heap/inside_detector.h"
#include "detector/heap/real_function.h"
#include "detector/race/access.h"
#include "detector/race/held_locks.h"
#include "detector/race/thread.h"

namespace fibersan {

// Null: unseen (A1).
inline fsan_fiber* act() {
  if (this_thread.own_work_depth != 0 || inside_detector()) return nullptr;
  return acting_fiber();
}

// In an interposed function only, whose caller it names.
#define FIBERSAN_USER FIBERSAN_CALLER(__fsan_running.context)

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_THREADS_ACT_H
