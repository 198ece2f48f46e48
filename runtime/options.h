// options.h: FIBER_OPTIONS, read once before main.
//
// State:    constant after the first constructor of this file has run.
#ifndef FIBERSAN_RUNTIME_OPTIONS_H
#define FIBERSAN_RUNTIME_OPTIONS_H

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "fiber/run.h"

namespace fiber::internal {

// What a run uses: the environment, then the program, then the default. Throws Error for a
// value that cannot be had.
struct Settings {
  uint32_t procs;
  bool procs_follow_machine;  // nobody chose procs: it is usable_cpus(), and changes with it
  uint64_t seed;
  uint32_t stack_class;
  std::chrono::milliseconds time_slice;  // 0: fibers are not preempted
  uint32_t max_threads;
  bool migrate;  // for tests: every park, yield and poll resumes on another thread
};
Settings settings_for(const Options& options);

// What looks at a run from outside; rows of options.def.
struct ObserveOptions {
  int64_t schedtrace;
  int64_t scheddetail;
  const char* trace;
  int64_t trace_mb;
  const char* quit_dump;
};
ObserveOptions observe_options();

// For a value that only shows to be unusable when it is used: says it, and ends the process with
// status 1, as for those that show at once.
[[noreturn]] void refuse_option(const char* what);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OPTIONS_H
