// timer_heap.h: the armed timers, earliest first.
//
// State, Cost, Threads: see timers.h.
//
// Invariants
//   I1  heap_[i] is not later than its children heap_[4i+1 .. 4i+4], and heap_[i]->place_ == i.
//   I2  next_deadline_ is that of heap_[0], or kNever.
//   I3  firing_ is set while a callback runs; only who set it clears it.
#ifndef FIBERSAN_RUNTIME_TIMER_HEAP_H
#define FIBERSAN_RUNTIME_TIMER_HEAP_H

#include <atomic>
#include <vector>

#include "runtime/lock.h"
#include "runtime/timers.h"

namespace fiber::internal {

class TimerHeap {
 public:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  // True when the timer is now the first.
  bool arm(Timer& timer, Clock::time_point deadline, void (*fire)(Timer*));
  bool disarm(Timer& timer);
  bool cancel(Timer& timer);

  // Fires what is due, until nothing is. Returns at once when another thread does so.
  void fire_due(Clock::time_point now);

  // kNever when nothing is armed. Relaxed: exact behind the fence of idle.h.
  Clock::time_point next_deadline() const {
    return Clock::time_point(Clock::duration(next_deadline_.load(std::memory_order_relaxed)));
  }
  bool empty() const { return next_deadline() == kNever; }

  // Disarms all; when no worker runs.
  void clear();

 private:
  static bool earlier(const Timer* a, const Timer* b);
  void place(Timer* timer, size_t index) FIBER_REQUIRES(lock_);
  void sift_up(Timer* timer, size_t hole) FIBER_REQUIRES(lock_);
  void sift_down(Timer* timer, size_t hole) FIBER_REQUIRES(lock_);
  void remove(size_t index) FIBER_REQUIRES(lock_);
  void publish_deadline() FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kTimers};
  std::vector<Timer*> heap_ FIBER_GUARDED_BY(lock_);
  uint64_t armed_ FIBER_GUARDED_BY(lock_) = 0;
  Timer* firing_ FIBER_GUARDED_BY(lock_) = nullptr;
  std::atomic<int64_t> next_deadline_{INT64_MAX};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIMER_HEAP_H
