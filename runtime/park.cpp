#include "runtime/park.h"

#include "runtime/fiber.h"
#include "runtime/hooks.h"
#include "runtime/observe/coarse_clock.h"
#include "runtime/scheduler.h"
#include "runtime/switch.h"

namespace fiber::internal {

Fiber* current_fiber() {
  Worker* worker = current_worker();
  return worker == nullptr ? nullptr : worker->current();
}

uint64_t fiber_id(const Fiber* fiber) { return fiber->id; }

std::atomic<uintptr_t>& wait_word(Fiber* fiber) { return fiber->wait_word; }

void park(const Wait& wait, void (*after_save)(void*), void* argument) {
  Fiber* fiber = current_fiber();
  FIBERSAN_CHECK(fiber != nullptr, wait.reason);
  fiber->reason = wait.reason;
  fiber->parked_at = coarse_now();
  if (hooks::listening()) {
    fiber->wait_is_timed = wait.timed;
    ++fiber->waits;
    __fsan_fiber_waiting(wait.reason, wait.objects, wait.count, wait.timed ? 1 : 0,
                         wait.blocked_by);
  }
  fiber->after_save = after_save;
  fiber->after_save_argument = argument;
  if (fiber->state.peek() != FiberState::kRunning) [[unlikely]]
    end_call_to_park(fiber);
  fiber->leave = Leave::kPark;
  fiber->state.begin_park();
  leave_stack(fiber, /*last=*/false);
}

void ready(Fiber* fiber) {
  if (fiber->state.wake() == NextStep::kEnqueue) scheduler.enqueue(fiber);
}

bool others_wait_here() {
  Worker* worker = current_worker();
  const Processor* processor = worker == nullptr ? nullptr : worker->processor();
  return processor != nullptr && !processor->queue.empty();
}

uint64_t run_number() { return scheduler.runs_ended() + 1; }

ForeignWaker::ForeignWaker() { scheduler.foreign_waker_added(); }
ForeignWaker::~ForeignWaker() { scheduler.foreign_waker_removed(); }

}  // namespace fiber::internal
