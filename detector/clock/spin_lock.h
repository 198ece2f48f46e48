// spin_lock.h: a lock for sections of a few dozen instructions, usable inside hooks.
//
// Cost:     one compare-and-swap and one store when nobody else holds it.
// Threads:  any. A waiter spins a little, then yields its CPU to the holder. Signals of the
//           program wait until the thread holds none (signal_delay.h).
// Not here: locks of the program under test.
//
// Ranks of the clock's locks (a holder takes only higher ones):
//   LaneTable::Processor::lock 10, SlabShard::lock 20, SlabCentre::lock 21
#ifndef FIBERSAN_DETECTOR_CLOCK_SPIN_LOCK_H
#define FIBERSAN_DETECTOR_CLOCK_SPIN_LOCK_H

#include <sched.h>

#include <atomic>

#include "detector/clock/signal_delay.h"

#define FIBERSAN_CAPABILITY __attribute__((capability("mutex")))
#define FIBERSAN_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define FIBERSAN_GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define FIBERSAN_ACQUIRES(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define FIBERSAN_UNCHECKED __attribute__((no_thread_safety_analysis))
#define FIBERSAN_RELEASES(...) __attribute__((release_capability(__VA_ARGS__)))
#define FIBERSAN_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))

namespace fibersan {

class FIBERSAN_CAPABILITY SpinLock {
 public:
  constexpr SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() FIBERSAN_ACQUIRES() {
    signals_wait();
    // acquire [A1], pairs with release [R1] of the last holder.
    while (held_.exchange(true, std::memory_order_acquire)) wait();
  }
  // False at once when somebody holds it.
  [[nodiscard, gnu::always_inline]] bool try_lock() __attribute__((try_acquire_capability(true))) {
    signals_wait();
    if (!held_.exchange(true, std::memory_order_acquire)) return true;  // acquire [A1]
    signals_come_in();
    return false;
  }
  // The same where `parallel` says whether other threads use the lock: when not, a plain store
  // does, which one that comes then waits for.
  [[nodiscard, gnu::always_inline]] bool try_lock_if(bool parallel)
      __attribute__((try_acquire_capability(true))) {
    if (parallel) return try_lock();
    if (held_.load(std::memory_order_relaxed)) return false;
    signals_wait();
    held_.store(true, std::memory_order_relaxed);
    return true;
  }
  [[gnu::always_inline]] void unlock() FIBERSAN_RELEASES() {
    // release [R1], pairs with acquire [A1] of the next holder.
    held_.store(false, std::memory_order_release);
    signals_come_in();
  }

 private:
  void wait() const {
    // relaxed: only a hint when to try again, [A1] orders.
    for (unsigned spins = 0; held_.load(std::memory_order_relaxed); ++spins) {
      if (spins < 64) {
        __builtin_ia32_pause();
      } else {
        sched_yield();
      }
    }
  }

  std::atomic<bool> held_{false};
};

class FIBERSAN_SCOPED_CAPABILITY SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) FIBERSAN_ACQUIRES(lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() FIBERSAN_RELEASES() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_SPIN_LOCK_H
