// The library's side of time.h, and of timers.h.
#include "fiber/time.h"

#include <thread>

#include "fiber/go.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/timers.h"

namespace fiber::internal {

void Timer::arm(Clock::time_point deadline, void (*fire)(Timer*)) {
  if (scheduler.timers.arm(*this, deadline, fire)) scheduler.idle.deadline_changed();
}

bool Timer::disarm() { return scheduler.timers.disarm(*this); }

namespace {

struct Sleep : Timer {
  Fiber* fiber;
  Clock::time_point deadline;
};

}  // namespace

void sleep_until(Clock::time_point deadline) {
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
        sleep->arm(sleep->deadline, [](Timer* timer) { ready(static_cast<Sleep*>(timer)->fiber); });
      },
      &sleep);
}

}  // namespace fiber::internal
