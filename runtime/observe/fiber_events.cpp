#include "runtime/observe/fiber_events.h"

#include <algorithm>
#include <cstring>

#include "runtime/observe/trace_buffer.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/timers.h"
#include "runtime/worker.h"

namespace fiber::internal::observe_internal {
namespace {

int64_t clock_now() { return Clock::now().time_since_epoch().count(); }

uint8_t slice_end(const Fiber& fiber) {
  switch (fiber.leave) {
    case Leave::kPark:
      return static_cast<uint8_t>(fiber.reason);
    case Leave::kEnd:
      return kSliceEnded;
    case Leave::kPreempted:
      return kSlicePreempted;
    default:
      return kSliceYielded;
  }
}

// One record for the time on the processor's track; if the processor was taken meanwhile, one more
// on the thread's.
void end_slice(Fiber* fiber, uint8_t how) {
  TraceBuffer& buffer = TraceBuffer::mine();
  TraceRecord slice;
  if (!buffer.end_slice(slice)) return;
  if (fiber->name != nullptr) std::strncpy(slice.name, fiber->name, sizeof(slice.name) - 1);
  if (slice.end != 0) {
    slice.kind = kSliceOnThread;
    buffer.append(slice);
    slice.begin = slice.end;
    slice.track = buffer.thread_track();
    slice.woken_from = kNoTrack;
  }
  slice.end = static_cast<uint64_t>(clock_now());
  slice.kind = how;
  buffer.append(slice);
}

}  // namespace

uint64_t most_runnable_ms = 0;

void stamp_runnable(Fiber* fiber, Runnable why) {
  fiber->runnable_at = clock_now();
  fiber->woken_from = why != Runnable::kAgain && tracing() ? current_track() : kNoTrack;
  fiber->stamped = true;
}

void stamp_created(Fiber* fiber) { fiber->created_time = clock_now(); }

void dispatched(Counters& counters, Fiber* fiber, uint32_t processor) {
  const int64_t now = clock_now();
  TraceRecord slice;
  if (fiber->stamped) {
    counters.latencies.record(
        static_cast<uint64_t>(std::max<int64_t>(0, now - fiber->runnable_at)));
    slice.woken_at = static_cast<uint64_t>(fiber->runnable_at);
    slice.woken_from = fiber->woken_from;
    fiber->stamped = false;
    const uint64_t ms =
        static_cast<uint64_t>(std::max<int64_t>(0, now - fiber->runnable_at)) / 1'000'000;
    if (most_runnable_ms != 0 && ms >= most_runnable_ms)
      __fsan_fiber_was_slow(FSAN_FINDING_RUNNABLE_LONG, fiber->detector, fiber->id, nullptr, 0, ms);
  }
  if (!tracing()) return;
  slice.begin = static_cast<uint64_t>(now);
  slice.argument = fiber->id;
  slice.track = processor;
  slice.shape = TraceShape::kSlice;
  TraceBuffer& buffer = TraceBuffer::mine();
  // Relaxed: who takes our processor does so under a lock that we have released since.
  current_worker()->trace_buffer.store(&buffer, std::memory_order_relaxed);
  buffer.begin_slice(slice);
}

void left(Fiber* fiber) {
  end_slice(fiber, slice_end(*fiber));
  TraceBuffer::mine().flush_if_half_full();
}

void lost_processor(Worker& worker) {
  if (TraceBuffer* buffer = worker.trace_buffer.load(std::memory_order_relaxed))
    buffer->cut_slice();
}

void got_processor(Fiber* fiber, uint32_t processor) {
  end_slice(fiber, static_cast<uint8_t>(FSAN_WAIT_BLOCKING_CALL));
  TraceRecord slice;
  slice.begin = static_cast<uint64_t>(clock_now());
  slice.argument = fiber->id;
  slice.track = processor;
  slice.shape = TraceShape::kSlice;
  TraceBuffer::mine().begin_slice(slice);
}

void record_lifetime(Counters& counters, const Fiber& fiber) {
  counters.lifetimes.record(
      static_cast<uint64_t>(std::max<int64_t>(0, clock_now() - fiber.created_time)));
}

}  // namespace fiber::internal::observe_internal
