// timer_heaps.h: the heaps of all processors, for those who look after others' timers.
//
// Input:    each processor's heap, once.
// Output:   the earliest deadline; timers fired on behalf of processors that are idle, or busy
//           with one long fiber.
// Cost:     a load for each processor.
// Threads:  any; add() and clear() while no worker runs.
#ifndef FIBERSAN_RUNTIME_TIME_TIMER_HEAPS_H
#define FIBERSAN_RUNTIME_TIME_TIMER_HEAPS_H

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "runtime/timer_heap.h"

namespace fiber::internal {

class TimerHeaps {
 public:
  static constexpr uint32_t kMost = 1024;

  void add(TimerHeap& heap);

  // kNever when nothing is armed. Exact behind the fence of idle.h.
  Clock::time_point next_deadline() const {
    Clock::time_point next = TimerHeap::kNever;
    for (uint32_t i = 0; i < count(); ++i) next = std::min(next, heaps_[i]->next_deadline());
    return next;
  }
  bool empty() const { return next_deadline() == TimerHeap::kNever; }

  // Fires what is due in any heap, one batch of each. False: nothing was. By a worker with a
  // processor, which gets the fibers that are woken.
  bool fire_due();

  void clear();

  // While the world stands still: nobody is stopped in the middle of changing a heap.
  void lock_all() FIBER_NO_THREAD_SAFETY_ANALYSIS;
  void unlock_all() FIBER_NO_THREAD_SAFETY_ANALYSIS;
  // By who has locked them: visit(low, high, argument) for the memory that names the armed ones.
  void for_each_armed(void (*visit)(const void*, const void*, void*), void* argument);

 private:
  // acquire: the pointers. Pairs with the release in add().
  uint32_t count() const { return count_.load(std::memory_order_acquire); }

  std::array<TimerHeap*, kMost> heaps_{};
  std::atomic<uint32_t> count_{0};
  // By who looks at the standing world.
  std::array<TimerHeap*, kMost> in_order_{};
  uint32_t locked_ = 0;
};

// How often a worker that is busy looks at the clock while timers are armed: reading it costs
// as much as a switch. As long as fibers run for less than kEnough on average it looks once in
// several picks; with longer ones at each pick.
class ClockPace {
 public:
  static constexpr Clock::duration kEnough = std::chrono::microseconds(4);
  static constexpr uint32_t kMostSkipped = 31;

  bool due() { return left_ == 0 || --left_ == 0; }
  void looked(Clock::time_point now) {
    const Clock::duration elapsed = now - last_;
    last_ = now;
    if (elapsed < kEnough) {
      skip_ = std::min(2 * skip_ + 1, kMostSkipped);
    } else if (elapsed > 4 * kEnough) {
      skip_ = 0;
    } else if (elapsed > 2 * kEnough) {
      skip_ /= 2;
    }
    left_ = skip_;
  }

 private:
  uint32_t left_ = 0;
  uint32_t skip_ = 0;
  Clock::time_point last_{};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIME_TIMER_HEAPS_H
