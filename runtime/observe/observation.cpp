#include "runtime/observe/observation.h"

#include <algorithm>
#include <cstring>

#include "runtime/observe/coarse_clock.h"
#include "runtime/observe/schedtrace.h"
#include "runtime/observe/trace.h"
#include "runtime/observe/trace_buffer.h"
#include "runtime/observe/trace_file.h"
#include "runtime/options.h"
#include "runtime/worker.h"

namespace fiber::internal {

Observation::Observation(uint32_t processors) {
  advance_coarse_clock(Clock::now());
  begin_schedtrace();
  begin_trace(processors);
  trace_event(TraceKind::kRunStarted, processors);
}

Observation::~Observation() {
  trace_event(TraceKind::kRunFinished);
  if (tracing()) TraceBuffer::flush_all();
}

void stop_observing_in_forked_child() {
  leave_trace_to_parent();
  restore_quit_signal();
}

Clock::time_point observe() {
  const Clock::time_point now = Clock::now();
  advance_coarse_clock(now);
  dump_after_quit_signal(std::strcmp(observe_options().quit_dump, "continue") != 0);
  return print_due_schedtrace(now);
}

}  // namespace fiber::internal
