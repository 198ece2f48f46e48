// callback_timer.h: a timer that calls: what stands behind after_func(duration, function).
//
// State:    references: of the handles, one while it is active, one for each call that runs.
// Threads:  any; guarded by lock_.
//
// Invariants
//   K1  The heap's callback turns the reference of the active timer over to the call it
//       starts, so the last one is never dropped on a worker's stack, where the program's
//       callable must not be destroyed.
//   K2  A heap's callback that comes too late finds the deadline in the future or the timer
//       inactive (ticks.h T2), and the timer still there: who frees it waits for it.
#ifndef FIBERSAN_RUNTIME_TIME_CALLBACK_TIMER_H
#define FIBERSAN_RUNTIME_TIME_CALLBACK_TIMER_H

#include <atomic>
#include <cstdint>

#include "fiber/deadline.h"
#include "runtime/lock.h"
#include "runtime/time/armed_sync.h"
#include "runtime/time/callback.h"
#include "runtime/timers.h"

namespace fiber::internal {

class CallbackTimer : private Timer {
 public:
  // Active, with one reference for the handle.
  static CallbackTimer* make(Deadline deadline, const CallbackType& type, void* source);
  void add_reference() {
    // relaxed: whoever adds one holds one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop_reference();

  // Both return whether there was a call to come.
  bool stop();
  bool reset(Deadline deadline);

 private:
  explicit CallbackTimer(Callback* callback) : callback_(callback) {}
  static void fired(Timer* timer);

  SpinLock lock_{LockRank::kSync};
  bool active_ FIBER_GUARDED_BY(lock_) = false;
  Clock::time_point deadline_ FIBER_GUARDED_BY(lock_){};
  ArmedSync* armed_ FIBER_GUARDED_BY(lock_) = nullptr;
  uint64_t armed_at_ FIBER_GUARDED_BY(lock_) = 0;
  Callback* const callback_;
  std::atomic<uint64_t> references_{1};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIME_CALLBACK_TIMER_H
