// The library's side of blocking.h, and the worker's part in it.
#include "fiber/blocking.h"

#include "runtime/error_number.h"
#include "runtime/fiber.h"
#include "runtime/fork.h"
#include "runtime/observe/coarse_clock.h"
#include "runtime/park.h"
#include "runtime/preempt.h"
#include "runtime/scheduler.h"
#include "runtime/switch.h"
#include "runtime/worker.h"

namespace fiber::internal {
namespace {

void switch_for(Fiber* fiber, Leave leave) {
  fiber->leave = leave;
  leave_stack(fiber, /*last=*/leave == Leave::kAbandon);
}

}  // namespace

BlockingCall::BlockingCall() : begun_(false) {
  Fiber* fiber = current_fiber();
  if (fiber == nullptr || fiber->state.peek() != FiberState::kRunning) return;  // or nested
  const int error = error_number();
  begun_ = true;
  // run() returns on the thread it was called on, and must not wait for the call.
  if (current_worker()->is_callers() && fiber->locked_to == nullptr && *thread_locks() == 0)
    switch_for(fiber, Leave::kMoveAway);
  fiber->reason = FSAN_WAIT_BLOCKING_CALL;
  // For dumps: our caller and its frame; our own is gone when the call runs.
  fiber->parked_frame = *static_cast<void**>(__builtin_frame_address(0));
  fiber->after_save_argument = __builtin_return_address(0);
  fiber->parked_at = coarse_now();
  // Here surely no access is under way.
  static_cast<void>(__fsan_run_widened(/*asleep=*/1));
  __fsan_blocking_call_begun();
  fiber->state.begin_call();
  if (!current_worker()->begin_call()) {
    // The run is ending: the others are stopped at their next switch, and so are we.
    end_call(fiber);
    yield();
  }
  set_error_number(error);
}

BlockingCall::~BlockingCall() {
  if (!begun_) return;
  Fiber* fiber = current_fiber();
  if (fiber->state.peek() == FiberState::kRunning) return;  // it has waited for something
  const int error = error_number();
  end_call(fiber);
  set_error_number(error);
}

void end_call(Fiber* fiber) {
  fiber->after_save = nullptr;
  const Worker::AfterCall after = current_worker()->end_call(/*wants_processor=*/true);
  if (after == Worker::AfterCall::kRunHasEnded || !fiber->state.end_call())
    switch_for(fiber, Leave::kAbandon);
  if (after == Worker::AfterCall::kNeedsProcessor) switch_for(fiber, Leave::kNeedsProcessor);
}

void end_call_to_park(Fiber* fiber) {
  // Without a processor: the fiber may hold a lock and must not change threads.
  const Worker::AfterCall after = current_worker()->end_call(/*wants_processor=*/false);
  if (after == Worker::AfterCall::kRunHasEnded || !fiber->state.end_call())
    switch_for(fiber, Leave::kAbandon);
}

// --- the worker's part: on the fiber's stack, on the worker's thread ---

// False: the run is ending.
bool Worker::begin_call() {
  begin_use();
  Processor* processor = this->processor();
  if (processor == nullptr) processor = scheduler.idle.confirmed_processor(*this);
  if (processor != nullptr) processor->counters.add(Counter::kBlockingCalls);
  trace_event(TraceKind::kBlockingCall, current()->id);
  calls_.store(calls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // release [R1]: what we did with the processor. Pairs with [A1] in take_lent(). One that the
  // monitor has taken before is as good as taken now.
  call_.store(processor != nullptr ? Call::kLent : Call::kTaken, std::memory_order_release);
  end_use();
  scheduler.idle.call_begun(processor != nullptr);
  if (scheduler.stopping()) return false;
  if (processor != nullptr && scheduler.somebody_must_run(*processor))
    scheduler.idle.hand_off(*this);
  return true;
}

Worker::AfterCall Worker::end_call(bool wants_processor) {
  if (in_forked_child()) {  // where nobody else has use for a processor
    call_.store(Call::kNone, std::memory_order_relaxed);
    return AfterCall::kHasProcessor;
  }
  Call seen = Call::kLent;
  // Relaxed: the processor is as we left it.
  if (call_.compare_exchange_strong(seen, Call::kNone, std::memory_order_relaxed)) {
    scheduler.idle.call_ended();
    return AfterCall::kHasProcessor;
  }
  if (seen == Call::kTaken &&
      call_.compare_exchange_strong(seen, Call::kNone, std::memory_order_relaxed)) {
    if (!wants_processor || !scheduler.idle.rejoin(*this)) return AfterCall::kNeedsProcessor;
    processor_is_back(current(), this->processor()->index);
    return AfterCall::kHasProcessor;
  }
  FIBERSAN_CHECK(seen == Call::kAbandoned, seen);
  return AfterCall::kRunHasEnded;
}

// Under the lock of the idle set.
Processor* Worker::take_lent() {
  Call seen = Call::kLent;
  // acquire [A1]: pairs with [R1] in begin_call().
  if (!call_.compare_exchange_strong(seen, Call::kTaken, std::memory_order_acquire)) return nullptr;
  processor_taken_from(*this);
  return shared_processor_.exchange(nullptr, std::memory_order_relaxed);
}

bool Worker::abandon() {
  for (Call call : {Call::kLent, Call::kTaken}) {
    // acq_rel: what the run did before it ended, and what the fiber did before its call.
    if (call_.compare_exchange_strong(call, Call::kAbandoned, std::memory_order_acq_rel))
      return true;
  }
  return false;
}

}  // namespace fiber::internal
