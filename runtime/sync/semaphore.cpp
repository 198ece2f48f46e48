// fiber::Semaphore: first come, first served, permits handed over by release().
//
// Invariants
//   S1  payload: permits that nobody holds. While somebody waits, acquire() takes none past
//       the queue.
#include "fiber/sync.h"
#include "runtime/hooks.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

struct SemaphoreWaiter : Waiter {
  SemaphoreWaiter(WaitState& wait, uint32_t wanted) : Waiter(wait), permits(wanted) {}
  uint32_t permits;
};

// Serves the queue from its front as far as the permits go. Linked by `next`.
Waiter* serve(SyncState& state, uint64_t& word) FIBER_REQUIRES(state) {
  Waiter* first = nullptr;
  Waiter** end = &first;
  WaitList list = waiters(state);
  while (!list.empty()) {
    const uint64_t permits = static_cast<SemaphoreWaiter*>(state.first)->permits;
    if (permits > payload(word)) break;
    Waiter& front = *state.first;
    list.remove(front);
    if (!front.state->claim()) continue;  // timed out
    word -= permits * kOne;
    front.next = nullptr;
    *end = &front;
    end = &front.next;
  }
  word = with_flag(word, kWaiters, !list.empty());
  return first;
}

}  // namespace

Semaphore::~Semaphore() {
  object_destroyed(this, sizeof(*this),
                   (state_.word.load(std::memory_order_relaxed) & kWaiters) != 0);
}

void Semaphore::acquire(uint32_t permits) {
  static_cast<void>(acquire_before(permits, kNoDeadline));
}

bool Semaphore::try_acquire(uint32_t permits) { return acquire_before(permits, kNoWait); }

bool Semaphore::acquire_before(uint32_t permits,
                               Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  const uint64_t cost = permits * kOne;
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  while ((word & (kBusy | kWaiters)) == 0 && payload(word) >= permits) {
    // acquire [A2]: pairs with [R2] in release() and [R1] in unlock_word().
    if (state_.word.compare_exchange_weak(word, word - cost, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      hooks::acquire(this);
      return true;
    }
  }
  word = lock_word(state_);
  if ((word & kWaiters) == 0 && payload(word) >= permits) {
    unlock_word(state_, word - cost);
  } else if (has_passed(deadline)) {
    unlock_word(state_, word);
    return false;
  } else {
    WaitState wait(ends_of(deadline));
    SemaphoreWaiter waiter(wait, permits);
    waiters(state_).push_back(waiter);
    if (!block_on(wait, FSAN_WAIT_SEMAPHORE_ACQUIRE, this, state_, word | kWaiters, deadline)) {
      word = lock_word(state_);
      if (waiter.queued) waiters(state_).remove(waiter);
      Waiter* served = serve(state_, word);  // those behind may have waited for us alone
      unlock_word(state_, word);
      wake_all(served);
      return false;
    }
  }
  hooks::acquire(this);
  return true;
}

void Semaphore::release(uint32_t permits) {
  hooks::merge(this);
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  while ((word & (kBusy | kWaiters)) == 0) {
    // release [R2]: pairs with [A2] and [A1]. Last touch.
    if (state_.word.compare_exchange_weak(word, word + permits * kOne, std::memory_order_release,
                                          std::memory_order_relaxed)) {
      return;
    }
  }
  word = lock_word(state_) + permits * kOne;
  Waiter* served = serve(state_, word);
  unlock_word(state_, word);
  wake_all(served);
}

}  // namespace fiber
