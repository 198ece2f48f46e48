#include "runtime/observe/trace.h"

#include "runtime/observe/trace_buffer.h"
#include "runtime/timers.h"
#include "runtime/worker.h"

namespace fiber::internal {

TraceTrack current_track() {
  Worker* worker = current_worker();
  const Processor* processor = worker == nullptr ? nullptr : worker->processor();
  return processor != nullptr ? processor->index : TraceBuffer::mine().thread_track();
}

namespace trace_internal {

constinit std::atomic<bool> on{false};

uint64_t now() { return static_cast<uint64_t>(Clock::now().time_since_epoch().count()); }

void record_event(TraceKind kind, uint64_t argument) {
  TraceRecord record;
  record.begin = record.end = now();
  record.argument = argument;
  record.track = current_track();
  record.kind = static_cast<uint8_t>(kind);
  TraceBuffer::mine().append(record);
}

void record_span(TraceKind kind, uint64_t begin, uint64_t argument) {
  TraceRecord record;
  record.begin = begin;
  record.end = now();
  record.argument = argument;
  record.track = current_track();
  record.shape = TraceShape::kSpan;
  record.kind = static_cast<uint8_t>(kind);
  TraceBuffer::mine().append(record);
}

}  // namespace trace_internal
}  // namespace fiber::internal
