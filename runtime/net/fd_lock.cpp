#include "runtime/net/fd_lock.h"

#include "runtime/check.h"
#include "runtime/net/poller.h"

namespace fiber::internal {

void FdLock::renew_after_run() {
  const uint32_t run = poller.run_number();
  // acquire [A1]: the renewed word. Pairs with [R1].
  if (run_.load(std::memory_order_acquire) == run) return;
  SpinGuard guard(lock_);
  if (run_.load(std::memory_order_relaxed) == run) return;
  word_.fetch_and(kClosed | kAbandoned | kDone, std::memory_order_relaxed);
  turns_[0] = turns_[1] = turns_[kClosedTurn] = {};
  // release [R1]: pairs with [A1].
  run_.store(run, std::memory_order_release);
}

Entry FdLock::enter(Direction direction) {
  renew_after_run();
  const auto index = static_cast<size_t>(direction);
  uint64_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    if ((seen & kClosed) != 0) return Entry::kClosed;
    const bool locked = (seen & kLocked[index]) != 0;
    if (locked && current_fiber() == nullptr) return Entry::kNeedsFiber;
    FIBERSAN_CHECK((seen & kWaiterMask[index]) != kWaiterMask[index], seen);
    const uint64_t next = locked ? seen + kWaiter[index] : (seen | kLocked[index]) + kInside;
    // acquire [A2]: what the last one inside left. Pairs with [R2] in leave().
    if (!word_.compare_exchange_weak(seen, next, std::memory_order_acquire,
                                     std::memory_order_relaxed))
      continue;
    if (!locked) return Entry::kEntered;
    acquire(index);  // who wakes us has taken our kWaiter off
    seen = word_.load(std::memory_order_relaxed);
  }
}

bool FdLock::leave(Direction direction) {
  const auto index = static_cast<size_t>(direction);
  uint64_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    uint64_t next = (seen & ~kLocked[index]) - kInside;
    const bool waiters = (seen & kWaiterMask[index]) != 0;
    if (waiters) next -= kWaiter[index];
    // release [R2]: pairs with [A2]. acquire: the last one out closes.
    if (!word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                     std::memory_order_relaxed))
      continue;
    if (waiters) release(index);
    return last_of_closed(next);
  }
}

bool FdLock::enter_shared() {
  renew_after_run();
  uint64_t seen = word_.load(std::memory_order_relaxed);
  do {
    if ((seen & kClosed) != 0) return false;
    // acquire [A2]: as in enter().
  } while (!word_.compare_exchange_weak(seen, seen + kInside, std::memory_order_acquire,
                                        std::memory_order_relaxed));
  return true;
}

bool FdLock::leave_shared() {
  // release [R2], acquire: as in leave().
  return last_of_closed(word_.fetch_sub(kInside, std::memory_order_acq_rel) - kInside);
}

bool FdLock::close_begins() {
  renew_after_run();
  uint64_t seen = word_.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    if ((seen & kClosed) != 0) return false;
    next = ((seen | kClosed) & ~(kWaiterMask[0] | kWaiterMask[1])) + kInside;
    // acq_rel: as in enter() and leave().
  } while (!word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  for (size_t index : {0, 1}) {
    for (uint64_t n = (seen & kWaiterMask[index]) / kWaiter[index]; n > 0; --n) release(index);
  }
  return true;
}

bool FdLock::close_done() {
  release(kClosedTurn);
  // acq_rel: whoever comes second, this or abandon(), sees all of the other and frees.
  return (word_.fetch_or(kDone, std::memory_order_acq_rel) & kAbandoned) != 0;
}

bool FdLock::abandon() {
  renew_after_run();
  // acq_rel: pairs with close_done().
  return (word_.fetch_or(kAbandoned, std::memory_order_acq_rel) & kDone) != 0;
}

// --- turns ---

void FdLock::acquire(size_t turn_index) {
  lock_.lock();
  Semaphore& semaphore = turns_[turn_index];
  if (semaphore.permits > 0) {
    --semaphore.permits;
    lock_.unlock();
    return;
  }
  Turn turn{current_fiber(), nullptr};
  (semaphore.first == nullptr ? semaphore.first : semaphore.last->next) = &turn;
  semaphore.last = &turn;
  park(
      {FSAN_WAIT_IO_WAIT, nullptr, 0, false},
      [](void* lock) FIBER_NO_THREAD_SAFETY_ANALYSIS { static_cast<SpinLock*>(lock)->unlock(); },
      &lock_);
}

void FdLock::release(size_t turn_index) {
  Turn* turn = nullptr;
  {
    SpinGuard guard(lock_);
    Semaphore& semaphore = turns_[turn_index];
    turn = semaphore.first;
    if (turn == nullptr) {
      ++semaphore.permits;
      return;
    }
    semaphore.first = turn->next;
  }
  ready(turn->fiber);  // `turn` is on its stack
}

}  // namespace fiber::internal
