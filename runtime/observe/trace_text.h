// trace_text.h: records of a trace as events of Chrome's trace format.
//
// Output:   JSON objects, each behind ",\n", appended to a buffer of the caller. Processors
//           are threads 0.. of process 1, threads without a processor those of process 2.
// Cost:     100 ns a record; no allocation.
// Threads:  any: pure functions.
#ifndef FIBERSAN_RUNTIME_OBSERVE_TRACE_TEXT_H
#define FIBERSAN_RUNTIME_OBSERVE_TRACE_TEXT_H

#include <cstddef>
#include <string>

#include "runtime/observe/trace_buffer.h"

namespace fiber::internal {

// No record takes more bytes.
inline constexpr size_t kLongestEvent = 1024;

// Returns the end of the text. `flow` numbers arrows: unique in the trace.
char* write_trace_record(char* text, const TraceRecord& record, uint64_t start, uint64_t flow);

// The name of a track, once for each.
std::string trace_track_name(TraceTrack track);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_TRACE_TEXT_H
