// fiber_events.h: what the scheduler tells of its fibers: the calls in its paths.
//
// Input:    a fiber became runnable, runs, has left its processor, ended.
// Output:   counters, the samples of the two histograms, slices and arrows of the trace.
// Cost:     while nothing is traced and a fiber is not sampled: a counter and a test for each
//           call, under 1 ns.
// Threads:  the thread that owns the processor and the fiber.
// Not here: what is counted elsewhere, see counters.def.
#ifndef FIBERSAN_RUNTIME_OBSERVE_FIBER_EVENTS_H
#define FIBERSAN_RUNTIME_OBSERVE_FIBER_EVENTS_H

#include "detector/abi/hooks.h"
#include "runtime/fiber.h"
#include "runtime/observe/counters.h"
#include "runtime/observe/trace.h"

namespace fiber::internal {

class Worker;

// How a fiber came to be runnable: an arrow of the trace begins where somebody else did it.
enum class Runnable : uint8_t { kCreated, kWoken, kAgain };

namespace observe_internal {
// The detector's option of that name; read before the first fiber of a run.
extern uint64_t most_runnable_ms;
void stamp_runnable(Fiber* fiber, Runnable why);
void stamp_created(Fiber* fiber);
void dispatched(Counters& counters, Fiber* fiber, uint32_t processor);
void left(Fiber* fiber);
void lost_processor(Worker& worker);
void got_processor(Fiber* fiber, uint32_t processor);
void record_lifetime(Counters& counters, const Fiber& fiber);
}  // namespace observe_internal

// Before the fiber is put into a queue. `counters` is null on a thread without a processor.
inline void fiber_runnable(Counters* counters, Fiber* fiber, Runnable why) {
  const bool sampled = counters != nullptr && counters->latencies_due.due();
  if (sampled || tracing() || observe_internal::most_runnable_ms != 0) [[unlikely]]
    observe_internal::stamp_runnable(fiber, why);
}

inline void read_most_runnable() {
  observe_internal::most_runnable_ms = __fsan_warn_after_ms(FSAN_FINDING_RUNNABLE_LONG);
}

// Before its first fiber_runnable().
inline void fiber_created(Counters& counters, Fiber* fiber) {
  counters.add(Counter::kFibersCreated);
  if (counters.lifetimes_due.due()) [[unlikely]]
    observe_internal::stamp_created(fiber);
}

// Before the switch to the fiber.
inline void fiber_dispatched(Counters& counters, Fiber* fiber, uint32_t processor) {
  if (fiber->stamped || tracing()) [[unlikely]]
    observe_internal::dispatched(counters, fiber, processor);
}

// After the switch from the fiber, before it can run elsewhere.
inline void fiber_left(Fiber* fiber) {
  if (tracing()) [[unlikely]]
    observe_internal::left(fiber);
}

// The processor was taken from a worker that executes a fiber; before anybody else has it. Any
// thread.
inline void processor_taken_from(Worker& worker) {
  if (tracing()) [[unlikely]]
    observe_internal::lost_processor(worker);
}

// The fiber has a processor again, without having left its thread.
inline void processor_is_back(Fiber* fiber, uint32_t processor) {
  if (tracing()) [[unlikely]]
    observe_internal::got_processor(fiber, processor);
}

// Before its record is given back.
inline void fiber_ended(Counters& counters, const Fiber& fiber) {
  counters.add(Counter::kFibersEnded);
  if (fiber.created_time != 0) [[unlikely]]
    observe_internal::record_lifetime(counters, fiber);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_FIBER_EVENTS_H
