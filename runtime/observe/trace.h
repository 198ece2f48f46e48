// trace.h: events of an execution trace, where they happen.
//
// Input:    trace_event(TraceKind::kSteal, fibers) for a moment, a TraceSpan on the stack
//           for something that lasts, from any thread of the runtime or beside it.
// Output:   records in the calling thread's buffer, on the track of the processor that the
//           thread owns, or on the thread's own when it owns none; see trace_file.h.
// Cost:     off: one relaxed load and a branch that is never taken. On: 40 to 60 ns, two
//           thirds of it the clock.
// Threads:  any. No locks unless a buffer is full; never parks.
// Not here: the fibers' slices and the arrows between them, see trace_fibers.h.
//
// Invariants
//   I1  A span begins and ends on one thread: none is open across a switch.
#ifndef FIBERSAN_RUNTIME_OBSERVE_TRACE_H
#define FIBERSAN_RUNTIME_OBSERVE_TRACE_H

#include <atomic>
#include <cstdint>

namespace fiber::internal {

enum class TraceKind : uint8_t {
#define FIBER_TRACE_KIND(id, text, argument) id,
#include "runtime/observe/trace_kinds.def"
#undef FIBER_TRACE_KIND
};

namespace trace_internal {
extern std::atomic<bool> on;
void record_event(TraceKind kind, uint64_t argument);
uint64_t now();
void record_span(TraceKind kind, uint64_t begin, uint64_t argument);
}  // namespace trace_internal

// Relaxed: whoever sees it late leaves an event out or writes one too many.
inline bool tracing() { return trace_internal::on.load(std::memory_order_relaxed); }

inline void trace_event(TraceKind kind, uint64_t argument = 0) {
  if (tracing()) [[unlikely]]
    trace_internal::record_event(kind, argument);
}

class TraceSpan {
 public:
  explicit TraceSpan(TraceKind kind) : kind_(kind) {
    if (tracing()) [[unlikely]]
      begin_ = trace_internal::now();
  }
  ~TraceSpan() {
    if (begin_ != 0) [[unlikely]]
      trace_internal::record_span(kind_, begin_, argument_);
  }
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;

  void set_argument(uint64_t argument) { argument_ = argument; }
  // Nothing happened: leaves no record.
  void cancel() { begin_ = 0; }

 private:
  uint64_t begin_ = 0;
  uint64_t argument_ = 0;
  TraceKind kind_;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_TRACE_H
