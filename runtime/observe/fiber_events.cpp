#include "runtime/observe/fiber_events.h"

#include <algorithm>
#include <cstring>

#include "runtime/observe/trace_buffer.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/timers.h"

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

}  // namespace

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
  }
  if (!tracing()) return;
  slice.begin = static_cast<uint64_t>(now);
  slice.argument = fiber->id;
  slice.track = processor;
  slice.shape = TraceShape::kSlice;
  TraceBuffer::mine().begin_slice(slice);
}

void left(Fiber* fiber) {
  TraceBuffer& buffer = TraceBuffer::mine();
  TraceRecord slice;
  if (!buffer.end_slice(slice)) return;
  slice.end = static_cast<uint64_t>(clock_now());
  slice.kind = slice_end(*fiber);
  if (fiber->name != nullptr) std::strncpy(slice.name, fiber->name, sizeof(slice.name) - 1);
  buffer.append(slice);
  buffer.flush_if_half_full();
}

void record_lifetime(Counters& counters, const Fiber& fiber) {
  counters.lifetimes.record(
      static_cast<uint64_t>(std::max<int64_t>(0, clock_now() - fiber.created_time)));
}

}  // namespace fiber::internal::observe_internal
