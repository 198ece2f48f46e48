// timers.h: calls a function at a time, from the scheduler loop.
//
// Input:    Timer::arm() and disarm(), from any thread.
// State:    a heap of each processor (timer_heap.h); a Timer knows the one it is in.
// Cost:     O(log n) to arm, disarm or fire, also with a million timers.
// Threads:  any. The processor's worker fires what is in its heap, or who is idle.
// Not here: who looks at the clock and sleeps until the next deadline, see worker.cpp, idle.h.
//
// Invariants
//   I1  After the callback was entered nobody but who owns the Timer touches it, and the heap
//       only compares its address: the callback may let it be destroyed (it may live on
//       the stack of the fiber that the callback wakes).
//   I2  Once disarm() has returned the callback does not run any more.
//       Two callbacks of one Timer never run at the same time.
//   I3  Callbacks run on a worker's stack: current_fiber() is null, no hook may be called
//       that speaks for a fiber, and they hold no lock of the heap.
#ifndef FIBERSAN_RUNTIME_TIMERS_H
#define FIBERSAN_RUNTIME_TIMERS_H

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fiber::internal {

using Clock = std::chrono::steady_clock;

class TimerHeap;

class Timer {
 public:
  constexpr Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Calls fire(this) once, at `deadline` or soon after. The timer must not be armed.
  // Arming is possible only while a run is on; what is still armed when the run ends
  // never fires. Goes to the heap of the caller's processor.
  void arm(Clock::time_point deadline, void (*fire)(Timer*));

  // The same for a timer that is never disarmed and was never armed before: moving others in
  // the heap need not touch it, and many are fired at once.
  void arm_for_good(Clock::time_point deadline, void (*fire)(Timer*));

  // True when it prevented the firing; false when the callback has run or the timer was
  // not armed. Waits for a callback that is running on another thread: the caller holds no
  // lock that the callback takes, and is not the callback itself.
  bool disarm();

  // The same without waiting: a callback of before may run until disarm() returns, also when
  // the timer is armed again. Such a callback finds out under a lock whether it is wanted.
  bool cancel();

 private:
  friend class TimerHeap;
  static constexpr size_t kNotArmed = SIZE_MAX;

  // The heap that it is in, or was in last. Written under that heap's lock.
  std::atomic<TimerHeap*> heap_{nullptr};
  size_t place_ = kNotArmed;
  void (*fire_)(Timer*) = nullptr;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIMERS_H
