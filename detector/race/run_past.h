// run_past.h: what run() is ordered after when it returns: all that its fibers did and learned.
//
// Input:    fibers that end or begin a blocking call, lanes that threads take over.
// Output:   at the end of the run its caller knows all that.
// Cost:     nothing while there are only fibers; afterwards a merge for each fiber that ends.
// Threads:  any; a spin lock for each of a few processors, and one for lanes.
// Not here: runs and threads themselves, see attached_threads.h.
//
// Invariants
//   Y1  What an ended fiber did is found by the lane that it leaves, unless a thread has taken
//       it over: how far the lane had come by then is noted when the thread begins.
//   Y2  What a fiber learned of others than fibers of its run that end (threads, and fibers in
//       blocking calls that outlast the run) no lane of a fiber tells: from when there are
//       others, each fiber adds what it knows when it ends.
//   Y3  A fiber adds what it did and knows when it begins a blocking call, too, for it may
//       never end. What it does within the call is beside the end of the run.
#ifndef FIBERSAN_DETECTOR_RACE_RUN_PAST_H
#define FIBERSAN_DETECTOR_RACE_RUN_PAST_H

#include "detector/fiber.h"

namespace fibersan {

// A run begins; nothing is known of it.
void run_past_begins();
// Before anything that the others do.
void run_past_has_others();
// The running fiber, or one that is about to end: what it did and knows.
void add_to_run_past(FiberClock& clock);
void fiber_leaves_run(FiberClock& clock);

// A thread begins, with a lane that may have been a fiber's. Y1
void start_clock_of_thread(fsan_fiber& fiber);

// Its caller, when all fibers have ended.
void acquire_run_past(FiberClock& clock);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_RUN_PAST_H
