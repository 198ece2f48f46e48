// A worker whose processor has nothing to run: it robs others, gives the processor up, and
// waits for one.
//
// Not here: the loop, see worker.cpp; waiting in the poller, see worker_net.cpp.
#include <sched.h>

#include <algorithm>
#include <chrono>

#include "runtime/deadlock.h"
#include "runtime/net/poller.h"
#include "runtime/observe/coarse_clock.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

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

// --- others' work ---

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

}  // namespace fiber::internal
