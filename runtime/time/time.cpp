// The library's side of time.h, and of timers.h.
#include "fiber/time.h"

#include <thread>

#include "fiber/error.h"
#include "fiber/go.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/time/callback_timer.h"
#include "runtime/time/ticks.h"
#include "runtime/timers.h"

namespace fiber::internal {

namespace {

// Somebody's, for threads without a processor.
TimerHeap& own_heap() {
  Worker* worker = current_worker();
  Processor* processor = worker == nullptr ? nullptr : worker->processor();
  return processor == nullptr ? scheduler.processor(0).timers : processor->timers;
}

void arm_in_own(Timer& timer, Clock::time_point deadline, void (*fire)(Timer*),
                TimerHeap::Use use) {
  if (own_heap().arm(timer, deadline, fire, use)) scheduler.idle.deadline_changed(deadline);
}

}  // namespace

void Timer::arm(Clock::time_point deadline, void (*fire)(Timer*)) {
  arm_in_own(*this, deadline, fire, TimerHeap::Use::kDisarmable);
}
void Timer::arm_for_good(Clock::time_point deadline, void (*fire)(Timer*)) {
  arm_in_own(*this, deadline, fire, TimerHeap::Use::kForGood);
}
bool Timer::disarm() { return TimerHeap::disarm(*this); }
bool Timer::cancel() { return TimerHeap::cancel(*this); }

namespace {

struct Sleep : Timer {
  Fiber* fiber;
  Clock::time_point deadline;
};

void require_fiber() {
  if (current_fiber() == nullptr)
    throw Error("fiber: a timer outside of fiber::run; make and reset timers in fibers");
}

void require(const void* timer) {
  if (timer == nullptr) throw Error("fiber: reset() of an empty Timer or Ticker: give it a time");
  require_fiber();
}

void require_positive(Clock::duration period) {
  if (period <= Clock::duration::zero())
    throw Error("fiber: the period of a Ticker has to be positive");
}

}  // namespace

void sleep_until(Deadline deadline) {
  Fiber* fiber = current_fiber();
  if (fiber == nullptr) {
    std::this_thread::sleep_until(deadline);
    return;
  }
  if (deadline <= Clock::now()) {
    yield();
    return;
  }
  Sleep sleep;
  sleep.fiber = fiber;
  sleep.deadline = deadline;
  park(
      {FSAN_WAIT_SLEEP, nullptr, 0, true},
      [](void* argument) {
        auto* sleep = static_cast<Sleep*>(argument);
        sleep->arm_for_good(sleep->deadline,
                            [](Timer* timer) { ready(static_cast<Sleep*>(timer)->fiber); });
      },
      &sleep);
}

ChannelCore* make_timer(Deadline deadline) {
  require_fiber();
  return Ticks::make(deadline, Clock::duration::zero());
}

ChannelCore* make_ticker(std::chrono::nanoseconds period) {
  require_positive(period);
  require_fiber();
  return Ticks::make(Clock::now() + period, period);
}

bool reset_timer(ChannelCore* core, Deadline deadline) {
  require(core);
  return core->ticks->reset(deadline, Clock::duration::zero());
}

void reset_ticker(ChannelCore* core, std::chrono::nanoseconds period) {
  require_positive(period);
  require(core);
  static_cast<void>(core->ticks->reset(Clock::now() + period, period));
}

bool stop_timer(ChannelCore* core) noexcept { return core != nullptr && core->ticks->stop(); }

CallbackTimer* make_callback_timer(Deadline deadline, const CallbackType& type, void* source) {
  require_fiber();
  return CallbackTimer::make(deadline, type, source);
}

void retain(CallbackTimer* timer) noexcept {
  if (timer != nullptr) timer->add_reference();
}

void release(CallbackTimer* timer) noexcept {
  if (timer != nullptr) timer->drop_reference();
}

bool reset_timer(CallbackTimer* timer, Deadline deadline) {
  require(timer);
  return timer->reset(deadline);
}

bool stop_timer(CallbackTimer* timer) noexcept { return timer->stop(); }

}  // namespace fiber::internal
