#include "runtime/worker.h"

#include <cxxabi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/fork.h"
#include "runtime/net/poller.h"
#include "runtime/preempt.h"
#include "runtime/scheduler.h"
#include "runtime/switch.h"

namespace fiber::internal {
namespace {

constinit thread_local Worker* this_worker = nullptr;

}  // namespace

__attribute__((noinline)) Worker* current_worker() {
  asm volatile("");  // not to be merged with another call
  return this_worker;
}

void Worker::adopt_thread() {
  this_worker = this;
  constexpr ptrdiff_t kSwitch = 512;  // registers saved, and a red zone
  own_stack_ = static_cast<char*>(__builtin_frame_address(0)) - kSwitch;
  // Relaxed: a number by itself, for dumps.
  thread_id_.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  notes_.adopt_thread();
  exceptions_ = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  errno_ = &errno;
  preempt_request_ = preempt_request();
  thread_locks_ = thread_locks();
  callers_locks_ = std::exchange(*thread_locks_, 0);
  SpinGuard guard(request_lock_);
  shared_request_ = preempt_request_;
}

void Worker::leave_thread() {
  {
    SpinGuard guard(request_lock_);
    shared_request_ = nullptr;
  }
  __atomic_store_n(preempt_request_, 0, __ATOMIC_RELAXED);
  *thread_locks_ = callers_locks_;
  thread_id_.store(0, std::memory_order_relaxed);
  this_worker = nullptr;
  processor_ = nullptr;
  shared_processor_.store(nullptr, std::memory_order_relaxed);
  call_.store(Call::kNone, std::memory_order_relaxed);
  leaving_ = false;
  locked_fiber_ = handed_over_ = at_hand_ = nullptr;
  handed_processor_ = nullptr;
  // Not end_detached(): the count may be a later run's, and reset() cares for this one's.
  detached_ = false;
}

void Worker::work() {
  adopt_thread();
  while (Fiber* fiber = find_fiber()) {
    if (fiber->locked_to != nullptr && hand_over(fiber)) continue;
    if (scheduler.migrates() && refuses(fiber)) continue;
    if (fiber->state.dispatch()) execute(fiber);
  }
  if (spinning_) {
    spinning_ = false;
    static_cast<void>(scheduler.idle.unspin());
  }
  leave_thread();
}

bool Worker::sleeps() const {
  if (parked_ || polling_.load(std::memory_order_relaxed)) return true;
  const bool waits = locked_fiber_ != nullptr || retired_;
  return waits && processor_ == nullptr && current() == nullptr;
}

// --- which fiber next ---

// Null when the run stops.
Fiber* Worker::find_fiber() {
  for (;;) {
    if (leaving_) return nullptr;
    if (scheduler.stopping()) return in_forked_child() ? alone_in_forked_child() : nullptr;
    if (at_hand_ != nullptr) [[unlikely]]
      return std::exchange(at_hand_, nullptr);
    if (locked_fiber_ != nullptr) [[unlikely]]
      return wait_for_locked_fiber();
    if (processor_ != nullptr && processor_->index >= scheduler.processor_count()) [[unlikely]] {
      // Nobody would look after its timers.
      processor_->timers.move_all_to(scheduler.processor(0).timers);
      scheduler.idle.drop(*this);
    }
    if (processor_ == nullptr) {
      get_processor_back();
      continue;
    }
    fire_due_timers();
    Fiber* fiber = pick_local(processor_->picks.first_source(processor_->queue.ring_empty()));
    if (fiber == nullptr && scheduler.timers.fire_due()) continue;
    if (fiber == nullptr && poll_network()) fiber = pick_local(Source::kRing);
    if (fiber == nullptr) fiber = search();
    if (fiber != nullptr) {
      if (spinning_) stop_spinning();
      return fiber;
    }
    give_up_processor();
  }
}

Fiber* Worker::pick_local(Source first) {
  RunQueue<Fiber>& queue = processor_->queue;
  PickState& picks = processor_->picks;
  if (first == Source::kGlobal) {
    if (Fiber* fiber = pick_global()) return fiber;
  }
  if (first != Source::kRing) {
    if (Fiber* fiber = queue.take_next()) {
      picks.picked(Source::kNextSlot);
      return fiber;
    }
  }
  if (Fiber* fiber = queue.take()) {
    picks.picked(Source::kRing);
    return fiber;
  }
  // The slot again: it was passed over for a ring that a thief has emptied since.
  if (Fiber* fiber = queue.take_next()) {
    picks.picked(Source::kNextSlot);
    return fiber;
  }
  return pick_global();
}

// One fiber, and a share of the others for our own ring.
Fiber* Worker::pick_global() {
  GlobalQueue::Taken taken;
  scheduler.global.take(scheduler.processor_count(), taken);
  if (taken.count == 0) return nullptr;
  processor_->picks.picked(Source::kGlobal);
  processor_->counters.add(Counter::kGlobalTakes);
  for (uint32_t i = 1; i < taken.count; ++i) scheduler.enqueue_last(*processor_, taken.items[i]);
  return taken.items[0];
}

bool Worker::timers_want_a_look() {
  return processor_->timers.next_deadline() != TimerHeap::kNever && processor_->clock_pace.due();
}

// Our own, now and then: who finds nothing to run looks at all.
void Worker::fire_due_timers() {
  if (!timers_want_a_look()) return;
  const Clock::time_point deadline = processor_->timers.next_deadline();
  const Clock::time_point now = Clock::now();
  processor_->clock_pace.looked(now);
  if (deadline <= now) processor_->timers.fire_due(now);
}

// --- running a fiber ---

void Worker::execute(Fiber* fiber) {
  notes_.leaving(fiber->notes, /*last=*/false);
  const Arrival arrival = switch_to(fiber->context, fiber);
  Fiber* left = std::exchange(departed_, nullptr);
  notes_.arrived(left->notes);
  see_off(left, arrival.from);
  *exceptions_ = {};
}

// The other half of a switch, on the stack that it has led to: the worker's, or the next
// fiber's. Until then nobody may run the one that has left.
void Worker::see_off(Fiber* left, Context context) {
  left->thread_state = {exceptions_->caught, exceptions_->uncaught, *errno_};
  left->context = context;
  __fsan_fiber_switched_out(left->detector);
  current_.store(nullptr, std::memory_order_relaxed);
  fiber_left(left);
  // The monitor has taken it, or is just finding out that it cannot.
  if (processor() == nullptr) processor_ = scheduler.idle.confirmed_processor(*this);
  after_leaving(left);
}

// By the fiber that leaves, on its own stack; returns on the one that it comes back to.
Arrival Worker::depart(Fiber* fiber, bool last) {
  begin_use();
  if (*thread_locks_ != 0 || fiber->keeps_thread) [[unlikely]]
    keep_thread(fiber, last);
  Fiber* next = next_at_hand(*fiber);
  departed_ = fiber;
  fiber->notes.leaving(next != nullptr ? next->notes : notes_, last);
  return switch_to(next != nullptr ? next->context : loop_, next);
}

void leave_stack(Fiber* fiber, bool last) {
  fiber->parked_frame = __builtin_frame_address(0);
  const Arrival arrival = current_worker()->depart(fiber, last);
  // Perhaps another thread's.
  current_worker()->arrive(fiber, arrival.from);
}

// By the fiber that has come, on its own stack.
void Worker::arrive(Fiber* fiber, Context from) {
  if (Fiber* left = std::exchange(departed_, nullptr)) {
    fiber->notes.arrived(left->notes);
    see_off(left, from);
  } else {
    fiber->notes.arrived(notes_);
    loop_ = from;
  }
  current_.store(fiber, std::memory_order_relaxed);
  // Relaxed: the request is for a fiber that has run before, whoever it was.
  __atomic_store_n(preempt_request_, 0, __ATOMIC_RELAXED);
  std::atomic<uint32_t>& dispatches = processor_->dispatches;
  dispatches.store(dispatches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  fiber_dispatched(processor_->counters, fiber, processor_->index);
  __fsan_fiber_switched_in(fiber->detector);
  const ThreadState& entering = fiber->thread_state;
  *exceptions_ = {entering.caught_exceptions, entering.uncaught_exceptions};
  *errno_ = entering.error_number;
  end_use();
}

// The fiber to switch to without a detour over the worker's stack. Null: the loop has something
// to look at, or nothing is at hand.
Fiber* Worker::next_at_hand(const Fiber& leaving) {
  const bool ordinary = leaving.leave == Leave::kYield || leaving.leave == Leave::kPark;
  if (!ordinary || processor() == nullptr || scheduler.stopping()) return nullptr;
  if (locked_fiber_ != nullptr || scheduler.migrates() ||
      processor_->index >= scheduler.processor_count())
    return nullptr;
  PickState& picks = processor_->picks;
  RunQueue<Fiber>& queue = processor_->queue;
  if (picks.global_is_next() || timers_want_a_look()) return nullptr;
  const Source first = picks.first_source(queue.ring_empty());
  Fiber* next = nullptr;
  if (first == Source::kNextSlot && (next = queue.take_next()) != nullptr) {
    picks.picked(Source::kNextSlot);
  } else if ((next = queue.take()) != nullptr) {
    picks.picked(Source::kRing);
  }
  if (next == nullptr) return nullptr;
  if (next->locked_to != nullptr) {
    at_hand_ = next;
    return nullptr;
  }
  return next->state.dispatch() ? next : nullptr;
}

// processor_ is null when it was taken from the fiber.
void Worker::after_leaving(Fiber* fiber) {
  Processor* processor = processor_;
  Counters* counters = processor == nullptr ? nullptr : &processor->counters;
  const auto note = [counters](Counter counter) {
    counters != nullptr ? counters->add(counter) : count(counter);
  };
  switch (fiber->leave) {
    case Leave::kYield: {
      note(Counter::kYields);
      fiber_runnable(counters, fiber, Runnable::kAgain);
      fiber->state.yielded();
      if (processor == nullptr) {
        scheduler.enqueue_anywhere(fiber);
        return;
      }
      const bool others = !processor->queue.empty();
      scheduler.enqueue_last(*processor, fiber);
      if (others) scheduler.idle.wake_if_needed();
      return;
    }
    case Leave::kPreempted:
    case Leave::kNeedsProcessor:
      if (fiber->leave == Leave::kPreempted) note(Counter::kPreemptions);
      fiber_runnable(counters, fiber, Runnable::kAgain);
      // Behind everybody, as in Go: its own ring may be all that waits behind it.
      fiber->state.yielded();
      scheduler.enqueue_anywhere(fiber);
      return;
    case Leave::kPark:
      note(Counter::kParks);
      if (fiber->after_save != nullptr) fiber->after_save(fiber->after_save_argument);
      // After kNothing the fiber is no longer ours to touch.
      if (fiber->state.context_saved() == NextStep::kEnqueue)
        scheduler.enqueue(fiber, Runnable::kAgain);
      return;
    case Leave::kEnd: {
      const bool was_main = fiber == scheduler.main_fiber && !fiber->exited;
      if (counters != nullptr) {
        fiber_ended(*counters, *fiber);
      } else {
        count(Counter::kFibersEnded);
      }
      destroy_fiber(fiber, processor == nullptr ? nullptr : &processor->stacks);
      if (was_main) scheduler.stop();
      return;
    }
    case Leave::kMoveAway:
      fiber->state.yielded();
      retired_ = true;
      if (processor == nullptr) {
        scheduler.enqueue_anywhere(fiber);
        return;
      }
      if (Fiber* displaced = processor->queue.push_next(fiber))
        scheduler.enqueue_last(*processor, displaced);
      scheduler.idle.give_away(*this);
      return;
    case Leave::kAbandon:
      // In the middle of a wait: what it has locked, others may use.
      if (fiber->after_save != nullptr) fiber->after_save(fiber->after_save_argument);
      leaving_ = true;
      return;
  }
}

void Worker::request_preemption() {
  SpinGuard guard(request_lock_);
  // Relaxed: the poll that reads it needs no order.
  if (shared_request_ != nullptr) __atomic_store_n(shared_request_, 1, __ATOMIC_RELAXED);
}

}  // namespace fiber::internal
