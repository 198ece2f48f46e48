#include "runtime/worker.h"

#include <cxxabi.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <unistd.h>

#include "runtime/deadlock.h"
#include "runtime/fork.h"
#include "runtime/net/poller.h"
#include "runtime/observe/coarse_clock.h"
#include "runtime/preempt.h"
#include "runtime/scheduler.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

constinit thread_local Worker* this_worker = nullptr;

constexpr int kSearchRounds = 24;  // about 20 us before a worker goes to sleep
constexpr auto kNextSlotGrace = std::chrono::microseconds(4);

void pause_for(std::chrono::nanoseconds duration) {
  const auto end = Clock::now() + duration;
  do {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  } while (Clock::now() < end);
}

// After a fiber was seen in the processor's next slot: does the owner take it by itself?
bool owner_takes_next(const Processor& processor) {
  const uint32_t picks = processor.picks.next_picks();
  pause_for(kNextSlotGrace);
  return processor.picks.next_picks() != picks;
}

}  // namespace

__attribute__((noinline)) Worker* current_worker() {
  asm volatile("");  // not to be merged with another call
  return this_worker;
}

void Worker::adopt_thread() {
  this_worker = this;
  // Relaxed: a number by itself, for dumps.
  thread_id_.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  notes_.adopt_thread();
  exceptions_ = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  errno_ = &errno;
  preempt_request_ = preempt_request();
  SpinGuard guard(request_lock_);
  shared_request_ = preempt_request_;
}

void Worker::leave_thread() {
  {
    SpinGuard guard(request_lock_);
    shared_request_ = nullptr;
  }
  __atomic_store_n(preempt_request_, 0, __ATOMIC_RELAXED);
  thread_id_.store(0, std::memory_order_relaxed);
  this_worker = nullptr;
  processor_ = nullptr;
  shared_processor_.store(nullptr, std::memory_order_relaxed);
  call_.store(Call::kNone, std::memory_order_relaxed);
  leaving_ = false;
  locked_fiber_ = handed_over_ = nullptr;
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

// --- which fiber next ---

// Null when the run stops.
Fiber* Worker::find_fiber() {
  for (;;) {
    if (leaving_) return nullptr;
    if (scheduler.stopping()) return in_forked_child() ? alone_in_forked_child() : nullptr;
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

// The victims in a circle from a random one.
Fiber* Worker::steal() {
  const uint32_t count = scheduler.processor_count();
  const uint32_t start = choose(Choice::kVictim, count);
  for (uint32_t i = 0; i < count; ++i) {
    Processor& victim = scheduler.processor((start + i) % count);
    if (&victim == processor_) continue;
    if (Fiber* fiber = steal_from(victim)) return fiber;
  }
  return nullptr;
}

Fiber* Worker::steal_from(Processor& victim) {
  if (Fiber* fiber = victim.queue.steal_into(processor_->queue)) {
    robbed(1 + processor_->queue.ring_size());
    return fiber;
  }
  // Its owner most likely takes a fiber in the next slot at once. Only one that does not
  // is busy with a long fiber.
  Fiber* next = victim.queue.peek_next();
  if (next == nullptr || owner_takes_next(victim)) return nullptr;
  if (!victim.queue.steal_next(next)) return nullptr;
  robbed(1);
  return next;
}

void Worker::robbed(uint32_t fibers) {
  processor_->counters.add(Counter::kSteals);
  processor_->counters.add(Counter::kFibersStolen, fibers);
  trace_event(TraceKind::kSteal, fibers);
}

Fiber* Worker::search() {
  const uint32_t count = scheduler.processor_count();
  if (count == 1) return nullptr;
  if (!spinning_) spinning_ = scheduler.idle.try_spin(count);
  if (!spinning_) return nullptr;
  for (int round = 0; round < kSearchRounds && !scheduler.stopping(); ++round) {
    if (Fiber* fiber = steal()) return fiber;
    if (Fiber* fiber = pick_global()) return fiber;
    if (scheduler.timers.fire_due()) {
      if (Fiber* fiber = pick_local(Source::kRing)) return fiber;
    }
    pause_for(std::chrono::nanoseconds(500));
  }
  return nullptr;
}

// Whoever relied on us to find its fiber may have published more: the next one searches.
void Worker::stop_spinning() {
  spinning_ = false;
  if (scheduler.idle.unspin()) scheduler.idle.work_published();
}

// Our own, now and then: who finds nothing to run looks at all.
void Worker::fire_due_timers() {
  const Clock::time_point deadline = processor_->timers.next_deadline();
  if (deadline == TimerHeap::kNever || !processor_->clock_pace.due()) return;
  const Clock::time_point now = Clock::now();
  processor_->clock_pace.looked(now);
  if (deadline <= now) processor_->timers.fire_due(now);
}

// True: this worker is the keeper and sleeps until then at most, in the poller if that is used.
bool Worker::keep_time(Clock::time_point& until) {
  scheduler.idle.stop_keeping(*this);  // what it was announced for may be over
  for (bool keeper = false;; keeper = true) {
    const Clock::time_point next = scheduler.timers.next_deadline();
    if (keeper && next >= until) return true;
    if (!keeper && next == TimerHeap::kNever && !poller.in_use()) return false;
    if (!scheduler.idle.keep_time(*this, next)) {
      until = TimerHeap::kNever;
      return false;
    }
    until = next;
  }
}

// --- nothing to do ---

// True when a fiber waits in some queue and its owner does not take it by itself (the
// third detail of idle.h).
bool Worker::work_waits() {
  if (!scheduler.global.empty()) return true;
  const uint32_t count = scheduler.processor_count();
  for (uint32_t i = 0; i < count; ++i) {
    Processor& processor = scheduler.processor(i);
    if (!processor.queue.ring_empty()) return true;
    if (processor.queue.peek_next() != nullptr && !owner_takes_next(processor)) return true;
  }
  return false;
}

// Returns when there may be something to do (I2).
void Worker::give_up_processor() {
  IdleSet& idle = scheduler.idle;
  idle.enter(*this);
  if (work_waits() && idle.leave(*this)) {
    // Its publisher may have relied on us while we were spinning. A waker has counted us.
    if (!spinning_) {
      spinning_ = true;
      idle.spin();
    }
    return;
  }
  wait_for_processor();
}

// The worker's processor was taken while it ran a fiber, which is in a queue now or gone.
void Worker::get_processor_back() {
  if (retired_) {
    scheduler.idle.end_detached(*this);
    while (!scheduler.stopping()) parker_.park(TimerHeap::kNever);
    return;
  }
  if (scheduler.idle.rejoin(*this)) return;
  scheduler.idle.park_detached(*this);
  wait_for_processor();
}

// Of a fiber that is locked to a thread: true when that is another one. It gets our processor.
bool Worker::hand_over(Fiber* fiber) {
  Worker& other = *fiber->locked_to;
  if (&other == this) return false;
  if (spinning_) stop_spinning();
  scheduler.idle.hand_over(*this, other, fiber);
  other.unpark();
  return true;
}

// Our fiber is locked to us and has left: it comes with a processor. Null when the run stops.
Fiber* Worker::wait_for_locked_fiber() {
  if (processor_ != nullptr) {
    scheduler.idle.drop(*this);
  } else {
    scheduler.idle.end_detached(*this);
  }
  while (!scheduler.stopping()) {
    if (Fiber* fiber = scheduler.idle.take_handed_over(*this)) return fiber;
    Clock::time_point deadline = TimerHeap::kNever;
    watch_for_deadlock(deadline);  // we may have been the last to run
    parker_.park(deadline);
  }
  return nullptr;
}

// With FIBER_OPTIONS=migrate=1: not twice in a row on one thread, if another one will have it.
bool Worker::refuses(Fiber* fiber) {
  constexpr uint32_t kMostRefusals = 10'000;  // the others are busy
  if (fiber->last_worker != index_ || fiber->locked_to != nullptr ||
      scheduler.processor_count() == 1 || fiber->refusals++ >= kMostRefusals) {
    fiber->last_worker = index_;
    fiber->refusals = 0;
    return false;
  }
  scheduler.enqueue_anywhere(fiber);
  sched_yield();
  return true;
}

// Returns with a processor, or because the run stops. The worker is parked.
void Worker::wait_for_processor() {
  IdleSet& idle = scheduler.idle;
  while (idle.is_parked(*this) && !scheduler.stopping()) {
    Clock::time_point deadline = TimerHeap::kNever;
    const bool keeper = keep_time(deadline);
    watch_for_deadlock(deadline);
    if (deadline <= Clock::now() && idle.leave(*this)) return;
    if (keeper && poller.in_use()) {
      sleep_in_poll(deadline);
    } else {
      sleep_until(deadline);
    }
  }
  idle.unpark(*this);
}

// The keeper's sleep ends at its deadline, everybody's by unpark().
void Worker::sleep_until(Clock::time_point deadline) {
  // Without a processor; whoever gives us one may do so now.
  shared_counters().add_shared(Counter::kThreadSleeps, 1);
  parker_.park(deadline);
  advance_coarse_clock(Clock::now());
}

// Called by each worker that goes to sleep or is asked to look again; the last one decides.
void Worker::watch_for_deadlock(Clock::time_point& deadline) {
  const auto nothing = [](const void*) {
    // The poller first: what it hands over is in a queue by then.
    return !poller.may_wake() && !scheduler.work_visible() && scheduler.timers.empty() &&
           !scheduler.foreign_wakers() && !scheduler.stopping();
  };
  if (!scheduler.idle.all_idle(scheduler.processor_count(), nothing, nullptr)) return;
  constexpr uint32_t kMonitor = 1;
  if (!foreign_threads(worker_threads.count() + kMonitor)) report_global_deadlock();
  // A thread that is not ours may wake a fiber; it may also end without.
  constexpr uint32_t kLongest = 7;
  const auto pause = std::chrono::milliseconds(1 << std::min(foreign_checks_++, kLongest));
  deadline = std::min(deadline, Clock::now() + pause);
}

// --- running a fiber ---

void Worker::execute(Fiber* fiber) {
  current_.store(fiber, std::memory_order_relaxed);
  // Relaxed: the request is for a fiber that has run before, whoever it was.
  __atomic_store_n(preempt_request_, 0, __ATOMIC_RELAXED);
  std::atomic<uint32_t>& dispatches = processor_->dispatches;
  dispatches.store(dispatches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  fiber_dispatched(processor_->counters, fiber, processor_->index);
  fiber->worker_notes = &notes_;
  __fsan_fiber_switched_in(fiber->detector);
  const ThreadState& entering = fiber->thread_state;
  *exceptions_ = {entering.caught_exceptions, entering.uncaught_exceptions};
  *errno_ = entering.error_number;
  notes_.leaving(fiber->notes, /*last=*/false);
  end_use();
  const Arrival arrival = switch_to(fiber->context, fiber);
  begin_use();
  notes_.arrived(fiber->notes);
  fiber->thread_state = {exceptions_->caught, exceptions_->uncaught, *errno_};
  *exceptions_ = {};
  fiber->context = arrival.from;
  __fsan_fiber_switched_out(fiber->detector);
  current_.store(nullptr, std::memory_order_relaxed);
  fiber_left(fiber);
  // The monitor has taken it, or is just finding out that it cannot.
  if (processor() == nullptr) processor_ = scheduler.idle.confirmed_processor(*this);
  after_leaving(fiber);
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
