#include "runtime/time/ticks.h"

#include <new>

#include "fiber/time.h"
#include "runtime/memory.h"

namespace fiber::internal {
namespace {

// The clock has a tick's resolution, yet the sum may leave the range of time points.
Clock::time_point add(Clock::time_point time, Clock::duration duration) {
  return time > kNoDeadline - duration ? kNoDeadline : time + duration;
}

// Whom a tick would wake. One for all: nothing is written to it.
[[clang::no_destroy]] constinit WaitState nobody{WaitState::Nobody{}};

}  // namespace

Ticks::Ticks(ChannelCore& core) : ChannelWaiter(nobody), core_(core) {
  ChannelWaiter::element = &sent_;
  ChannelWaiter::taken = &Ticks::tick_taken;
}

ChannelCore* Ticks::make(Deadline deadline, Clock::duration period) {
  ChannelCore* core = ChannelCore::make(Element<TimePoint>::kType, 0);
  try {
    core->ticks = new (allocate(sizeof(Ticks), alignof(Ticks))) Ticks(*core);
  } catch (...) {
    core->drop_reference();
    throw;
  }
  static_cast<void>(core->ticks->reset(deadline, period));
  return core;
}

void Ticks::destroy(Ticks* ticks) {
  ticks->disarm();
  ticks->armed_->drop();
  ticks->~Ticks();
  deallocate(ticks, sizeof(Ticks), alignof(Ticks));
}

bool Ticks::withdraw() {
  const bool waits = queued;
  if (waits) core_.dequeue(*this, /*sender=*/true);
  cancel();
  const bool was_active = active_ || waits;
  active_ = false;
  return was_active;
}

void Ticks::start(Deadline deadline, Clock::duration period) {
  armed_ = ArmedSync::arm(armed_);
  active_ = true;
  deadline_ = deadline;
  period_ = period;
  arm(deadline, &Ticks::fired);
}

bool Ticks::stop() {
  SpinGuard guard(core_.lock_);
  return withdraw();
}

bool Ticks::reset(Deadline deadline, Clock::duration period) {
  SpinGuard guard(core_.lock_);
  const bool was_active = withdraw();
  start(deadline, period);
  return was_active;
}

void Ticks::fired(Timer* timer) {
  auto* ticks = static_cast<Ticks*>(timer);
  Waiter* receiver = nullptr;
  {
    SpinGuard guard(ticks->core_.lock_);
    const Clock::time_point now = Clock::now();
    if (!ticks->active_ || now < ticks->deadline_ || ticks->queued) return;  // T2
    ticks->cancel();  // a reset has armed it again since, and is due already
    ticks->sent_ = now;
    receiver = ticks->core_.send_tick(*ticks, *ticks->armed_);
    if (ticks->period_ == Clock::duration::zero()) {
      ticks->active_ = false;
    } else if (receiver != nullptr) {
      ticks->go_on(now);
    }
  }
  // The receiver holds the channel, and may be its last owner: no touch after this.
  if (receiver != nullptr) receiver->state->wake();
}

void Ticks::tick_taken(ChannelWaiter& tick) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  auto& ticks = static_cast<Ticks&>(tick);
  if (ticks.active_) ticks.go_on(Clock::now());
}

// The first whole period that is not over (T3).
void Ticks::go_on(Clock::time_point now) {
  const auto missed = (now - deadline_) / period_;
  deadline_ = add(deadline_, period_ * (missed + 1));
  arm(deadline_, &Ticks::fired);
}

}  // namespace fiber::internal
