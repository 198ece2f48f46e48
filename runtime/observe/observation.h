// observation.h: what looks at a run from outside: SIGQUIT, the scheduler's trace lines, the
// execution trace, the coarse clock.
//
// Input:    FIBER_OPTIONS trace, trace_mb, schedtrace, scheddetail, quit_dump.
// Threads:  begin and end by the run's thread; observe() by the monitor.
#ifndef FIBERSAN_RUNTIME_OBSERVE_OBSERVATION_H
#define FIBERSAN_RUNTIME_OBSERVE_OBSERVATION_H

#include <cstdint>

#include "runtime/observe/quit_signal.h"
#include "runtime/timers.h"

namespace fiber::internal {

// For the time of a run, begun before its first thread and ended after its last one. Throws
// Error when the trace cannot be written.
class Observation {
 public:
  explicit Observation(uint32_t processors);
  ~Observation();
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;

 private:
  QuitSignal quit_signal_;
};

// In the child of a fork(): nobody there looks, and the trace is the parent's.
void stop_observing_in_forked_child();

// By the monitor, at each of its looks. Returns when it wants to be called again at the
// latest.
Clock::time_point observe();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_OBSERVATION_H
