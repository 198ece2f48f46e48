#include "runtime/monitor.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "detector/abi/hooks.h"
#include "runtime/cpus.h"
#include "runtime/hooks.h"
#include "runtime/observe/observation.h"
#include "runtime/scheduler.h"
#include "runtime/stack_pool.h"
#include "runtime/thread_time.h"
#include "runtime/worker_threads.h"
#include "runtime/world/deadlock_check.h"

namespace fiber::internal {

[[clang::no_destroy]] constinit Monitor monitor;

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Clock::duration kShortest = microseconds(20);
constexpr Clock::duration kLongest = milliseconds(10);
constexpr Clock::duration kIdleBeforeSleep = milliseconds(20);
constexpr Clock::duration kSlotPause = microseconds(250);
constexpr uint32_t kMostTaken = 4;  // or as many as there are processors

[[noreturn]] void fatal_no_thread(const std::exception& error) {
  std::fflush(stdout);
  std::fprintf(stderr,
               "fatal error: cannot start a thread for an idle processor beside %u others: %s; "
               "raise ulimit -u or the container's pids limit, or lower FIBER_OPTIONS=procs\n",
               worker_threads.count(), error.what());
  std::_Exit(2);
}

}  // namespace

void Monitor::start(Clock::duration time_slice) {
  time_slice_ = time_slice;
  can_take_ = time_slice != Clock::duration::zero() && register_fences();
  stop_.store(false, std::memory_order_relaxed);
  seen_.assign(Scheduler::kMostProcessors, Seen());  // here its failure can be caught
  // Signals are the program's: its fibers' threads handle them.
  thread_id_.store(kStarting, std::memory_order_relaxed);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  const hooks::OwnWork own_work;
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_.emplace([this] { watch(); });
  } catch (...) {
    thread_id_.store(0, std::memory_order_relaxed);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Monitor::stop() {
  if (!thread_) return;
  const hooks::OwnWork own_work;
  stop_.store(true, std::memory_order_relaxed);
  wake();
  thread_->join();
  thread_.reset();
  thread_id_.store(0, std::memory_order_relaxed);
}

int Monitor::thread_id() const {
  // Relaxed: a number by itself.
  for (;;) {
    const int id = thread_id_.load(std::memory_order_relaxed);
    if (id != kStarting) return id;
    sched_yield();
  }
}

void Monitor::watch() {
  slow_fibers_.start();
  slots_seen_.assign(Scheduler::kMostProcessors, SlotSeen());
  pause_ = kShortest;
  idle_since_ = Clock::now();
  thread_id_.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  while (!stop_.load(std::memory_order_relaxed)) {
    const Clock::time_point now = Clock::now();
    const Clock::time_point next = look();
    if (scheduler.stopping()) {
      parker_.park(now + milliseconds(1));
    } else {
      sleep(now, std::min(next, deadlock_checks.look_if_due(now)));
    }
  }
  static_cast<void>(look());
}

// Returns when it wants to look again at the latest.
Clock::time_point Monitor::look() {
  // Who looks at the standing world keeps us out: no signal stops us.
  const hooks::OwnWork own_work;
  std::unique_lock held(looks_, std::defer_lock);
  if (hooks::listening()) held.lock();
  start_threads();
  const Clock::time_point now = Clock::now();
  if (scheduler.stopping()) {
    // A fiber that was switched in just then has missed the first request.
    worker_threads.interrupt_all();
    return now;
  }
  look_at_processors(now);
  look_at_slots();
  look_at_timers(now);
  poller.watch(now);
  follow_machine(now);
  const Clock::time_point next_look = std::min(look_at_stacks(now), slow_fibers_.look(now));
  return std::min(next_look, observe());
}

void Monitor::start_threads() {
  bool spinning = false;
  while (Processor* processor = scheduler.idle.take_waiting_for_thread(spinning)) {
    try {
      worker_threads.start(*processor, spinning);
    } catch (const std::exception& error) {  // the system has no thread left, or no memory
      fatal_no_thread(error);
    }
  }
}

void Monitor::look_at_processors(Clock::time_point now) {
  calls_on_ = false;
  for (uint32_t i = 0; i < scheduler.processors_ever(); ++i)
    look_at(scheduler.processor(i), seen_[i], now);
}

void Monitor::look_at(Processor& processor, Seen& seen, Clock::time_point now) {
  // acquire: pairs with IdleSet::assign().
  Worker* worker = processor.worker.load(std::memory_order_acquire);
  if (worker == nullptr) {
    seen.worker = nullptr;
    return;
  }
  Seen is = {worker,
             processor.dispatches.load(std::memory_order_relaxed),
             worker->calls(),
             worker->has_lent(),
             now,
             0};
  calls_on_ |= is.has_lent;
  if (seen.worker != is.worker || seen.dispatches != is.dispatches || seen.calls != is.calls ||
      seen.has_lent != is.has_lent) {
    if (can_take_) is.computed_before = computed_by(worker->thread_id());
    seen = is;
    return;
  }
  if (is.has_lent) {
    if (scheduler.work_visible() || scheduler.nobody_keeps_time())
      scheduler.idle.take_from_call(*worker);
    return;
  }
  if (time_slice_ == Clock::duration::zero() || worker->current() == nullptr) return;
  // Half a pause early: a fiber has begun before we saw it.
  // One that set_processors() has no use for is to come to an end soon.
  if (now - seen.since < time_slice_ && processor.index < scheduler.processor_count()) return;
  worker->request_preemption();
  if (now - seen.since >= 2 * time_slice_) take_if_it_does_not_answer(processor, seen);
}

bool Monitor::may_take_from_computing() const {
  return can_take_ && scheduler.idle.detached() < std::max(kMostTaken, scheduler.processor_count());
}

void Monitor::take_if_it_does_not_answer(Processor& processor, const Seen& seen) {
  if (!can_take_) return;
  if (!scheduler.work_visible() && !scheduler.timers_are_due()) return;
  const bool asleep = sleeps_in_kernel(seen.worker->thread_id());
  if (!asleep) {
    if (!may_take_from_computing()) return;
    const int64_t computed = computed_by(seen.worker->thread_id()) - seen.computed_before;
    if (std::chrono::nanoseconds(computed) < time_slice_) return;
  }
  // The detector may have to refuse: another thread at its side is news to its fast path.
  if (__fsan_run_widened(asleep ? 1 : 0) != 0) return;
  static_cast<void>(scheduler.idle.take_from(processor, *seen.worker, seen.dispatches));
}

// A fiber that nobody was told of and that is still in its slot: somebody is woken for it, and
// its processor tells of the next ones.
void Monitor::look_at_slots() {
  if (!watches_slots_.load(std::memory_order_relaxed)) return;
  bool more = false;
  for (uint32_t i = 0; i < scheduler.processor_count(); ++i) {
    Processor& processor = scheduler.processor(i);
    SlotSeen& seen = slots_seen_[i];
    const SlotSeen is = {processor.queue.peek_next(), processor.picks.next_picks(),
                         processor.picks.untold()};
    more |= is.next != nullptr || is.untold != seen.untold;
    if (is.next != nullptr && is.next == seen.next && is.picks == seen.picks) {
      processor.picks.lonely_stays();
      scheduler.idle.work_published();
    }
    seen = is;
  }
  if (more) return;
  // seq_cst: who fills a slot afterwards sees it (the exchange of the slot is before its
  // load), and what was filled before we see. Where exchanges are no fences one may be missed:
  // it waits until the fiber that runs parks, or is preempted.
  watches_slots_.store(false, std::memory_order_seq_cst);
  full_fence();
  for (uint32_t i = 0; i < scheduler.processor_count(); ++i) {
    if (scheduler.processor(i).queue.peek_next() != nullptr)
      watches_slots_.store(true, std::memory_order_relaxed);
  }
}

// Nobody sleeps until the next timer, and who runs does not look.
void Monitor::look_at_timers(Clock::time_point) {
  if (scheduler.idle.has_keeper() || !scheduler.timers_are_due()) return;
  scheduler.idle.wake_if_needed();
}

// The pages of idle stacks go back (stack_pool.h), few at a time: about 2 % of a CPU, and 8 s after
// a peak of 100 000 fibers.
Clock::time_point Monitor::look_at_stacks(Clock::time_point now) {
  constexpr milliseconds kPause(20);
  constexpr uint32_t kStacks = 256;
  if (now < stack_look_) return stack_look_;
  stack_look_ = now + kPause;
  return stack_pool().release_idle(now, kStacks) ? stack_look_ : Clock::time_point::max();
}

// The CPUs of the machine, or of the control group, may become fewer or more.
void Monitor::follow_machine(Clock::time_point now) {
  constexpr auto kPeriod = std::chrono::seconds(1);
  if (now - followed_ < kPeriod) return;
  followed_ = now;
  if (!scheduler.follows_machine() || !cpu_limit_changed()) return;
  scheduler.set_processors(std::min(cpu_limit(), Scheduler::kMostProcessors), /*follow=*/true);
}

void Monitor::sleep(Clock::time_point now, Clock::time_point latest) {
  if (scheduler.idle.idle() == scheduler.processor_count()) {
    if (now - idle_since_ >= kIdleBeforeSleep) {
      // seq_cst [F2]: pairs with the end of IdleSet's idleness, [F1].
      asleep_.store(true, std::memory_order_seq_cst);
      full_fence();
      if (scheduler.idle.idle() == scheduler.processor_count() && !scheduler.stopping())
        parker_.park(std::min(latest, scheduler.deadline_without_keeper()));
      asleep_.store(false, std::memory_order_relaxed);
      pause_ = kShortest;
      idle_since_ = Clock::now();
      return;
    }
  } else {
    idle_since_ = now;
  }
  const Clock::duration longest =
      time_slice_ == Clock::duration::zero() ? kLongest : std::min(kLongest, time_slice_ / 2);
  pause_ = calls_on_ ? std::min(2 * pause_, longest) : longest;
  if (watches_slots_.load(std::memory_order_relaxed)) pause_ = std::min(pause_, kSlotPause);
  parker_.park(std::min({now + pause_, latest, scheduler.deadline_without_keeper()}));
  if (!calls_on_) pause_ = kShortest;
}

}  // namespace fiber::internal
