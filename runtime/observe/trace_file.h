// trace_file.h: the file of an execution trace: Chrome's trace event format.
//
// Input:    FIBER_OPTIONS=trace=<file>, trace_mb=<limit>; text of events from the buffers.
// Output:   one JSON object that Perfetto's UI and chrome://tracing open.
// Threads:  any, under its own lock.
//
// Invariants
//   I1  After each append() the file is complete JSON: the end is written again behind every
//       block of events. A process that is killed leaves a readable trace.
//   I2  Blocks reach the file whole, each buffer's in its order.
//   I3  Beyond the limit nothing is written and tracing is off; the file and standard error
//       say so.
//   I4  One process writes: who has opened the file, not what it forks.
#ifndef FIBERSAN_RUNTIME_OBSERVE_TRACE_FILE_H
#define FIBERSAN_RUNTIME_OBSERVE_TRACE_FILE_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiber::internal {

// Creates the file and turns tracing on. Ends the process with status 1 when it cannot.
void open_trace(const char* path, uint64_t limit_bytes);

// What FIBER_OPTIONS asks for, once for the process; the names of the processors' tracks.
void begin_trace(uint32_t processors);

// Each event begins with ",\n". False: it is not in the file.
bool append_to_trace(std::string_view events);

// Nanoseconds of the steady clock that the trace calls 0.
uint64_t trace_start();

// Turns tracing off: nothing more will be written, but for what the buffers still hold.
void end_trace();

// In the child of a fork(): off for good, for the file is the parent's (I4).
void leave_trace_to_parent();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_TRACE_FILE_H
