// lock.h: the one lock of the runtime's own state: short sections, any thread.
//
// State:    one word, constant-initialised: works in globals before main.
// Cost:     one locked instruction to take, a plain store to release (a futex mutex
//           pays a second locked instruction: 15 ns against 7 ns a pair).
// Threads:  any, also those that are no workers. A holder never parks, never calls
//           user code. It may take the lock on a fiber's stack and release it in park's
//           after_save: both are on the same thread.
// Not here: fiber::Mutex, which parks fibers.
//
// Invariants
//   I1  Whoever waits longer than the spin limit gives its CPU away, so that a holder
//       the kernel has preempted can go on.
#ifndef FIBERSAN_RUNTIME_LOCK_H
#define FIBERSAN_RUNTIME_LOCK_H

#include <atomic>

#include "runtime/lock_rank.h"
#include "runtime/preempt.h"
#include "runtime/thread_annotations.h"

namespace fiber::internal {

class FIBER_CAPABILITY("mutex") SpinLock {
 public:
  constexpr explicit SpinLock(LockRank rank) : rank_(rank) {}
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() FIBER_ACQUIRE() {
    // acquire [A1]: sees what the last holder wrote. Pairs with [R1] in unlock().
    // Counted first: a thread that only waits for the lock does not poll either.
    count_lock();
    if (held_.exchange(true, std::memory_order_acquire)) lock_contended();
    lock_rank_acquired(this, rank_);
  }
  bool try_lock() FIBER_TRY_ACQUIRE(true) {
    // acquire [A1]: as in lock().
    if (held_.load(std::memory_order_relaxed) || held_.exchange(true, std::memory_order_acquire))
      return false;
    count_lock();
    lock_rank_acquired(this, rank_);
    return true;
  }
  void unlock() FIBER_RELEASE() {
    lock_rank_released(this);
    // release [R1]: pairs with [A1] in lock(), try_lock() and lock_contended().
    held_.store(false, std::memory_order_release);
    uncount_lock();
  }

 private:
  void lock_contended();

  std::atomic<bool> held_{false};
  LockRank rank_;
};

class FIBER_SCOPED_CAPABILITY SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) FIBER_ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() FIBER_RELEASE() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_LOCK_H
