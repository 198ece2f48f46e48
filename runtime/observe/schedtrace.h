// schedtrace.h: a line on standard error each period that says how busy the scheduler is.
//
//   SCHED 1004ms: procs=4 idle=2 threads=6 spinning=0 idlethreads=3 runqueue=0 [1 0 0 2]
//
// Input:    FIBER_OPTIONS=schedtrace=<milliseconds>, scheddetail=1 for a line more for each
//           processor, thread and fiber.
// Output:   Go's words: since the run began; the threads that run fibers or wait to, the monitor
//           included; the length of the global queue; those of the processors' queues.
// Threads:  the monitor. Numbers are read one after the other while the program runs.
#ifndef FIBERSAN_RUNTIME_OBSERVE_SCHEDTRACE_H
#define FIBERSAN_RUNTIME_OBSERVE_SCHEDTRACE_H

#include "runtime/timers.h"

namespace fiber::internal {

void begin_schedtrace();

// Prints when the time has come. Returns when it will be next: never without the option.
Clock::time_point print_due_schedtrace(Clock::time_point now);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_SCHEDTRACE_H
