// fiber::ConditionVariable. A waiter stands in the queue before it unlocks the program's
// lock, so that no notify between the two is lost; it may be notified before it parks.
//
// Invariants
//   C1  phase decides that race: whoever comes second, the waiter about to park or the
//       notifier, sees it and does the waking. Nobody touches the object after that.
#include <system_error>

#include "fiber/sync.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

struct ConditionWaiter : Waiter {
  enum : uint32_t { kUnlocking, kParked, kNotified };

  using Waiter::Waiter;
  std::atomic<uint32_t> phase{kUnlocking};
  char order = 0;  // the Sync of the edge from the notifier

  // By the notifier that has claimed it.
  void notify() {
    __fsan_release(&order);
    // acq_rel [X1]: the notifier's past goes to the waiter, and with kParked that it has
    // been saved comes here. Pairs with [A1] and [R1].
    if (phase.exchange(kNotified, std::memory_order_acq_rel) == kParked) state->wake();
  }
  // By the waiter, before and once it is saved.
  bool notified() const {
    // acquire [A1]: pairs with [X1].
    return phase.load(std::memory_order_acquire) == kNotified;
  }
  static void saved(void* argument) {
    auto* waiter = static_cast<ConditionWaiter*>(argument);
    uint32_t unlocking = kUnlocking;
    // release [R1] and acquire [A1]: pair with [X1].
    if (!waiter->phase.compare_exchange_strong(unlocking, kParked, std::memory_order_release,
                                               std::memory_order_acquire)) {
      waiter->state->wake();
    }
  }
};

// std::unique_lock's word for "I do not own it", in a handler.
bool is_refusal_of_unlocked() {
  try {
    throw;
  } catch (const std::system_error& error) {
    return error.code() == std::errc::operation_not_permitted;
  } catch (...) {
    return false;
  }
}

// By the waiter, not notified. False: a notifier has claimed it and is about to say so.
bool leave(SyncState& state, ConditionWaiter& waiter) {
  lock_word(state);
  const bool queued = waiter.queued;
  if (queued) waiters(state).remove(waiter);
  unlock_word(state, waiters(state).empty() ? 0 : kWaiters);
  return queued;
}

}  // namespace

ConditionVariable::~ConditionVariable() {
  object_destroyed(this, sizeof(*this), state_.word.load(std::memory_order_relaxed) != 0);
}

bool ConditionVariable::wait_before(LockFunctions functions, void* lock, Deadline deadline) {
  WaitState wait(ends_of(deadline));
  ConditionWaiter waiter(wait);
  lock_word(state_);
  waiters(state_).push_back(waiter);
  unlock_word(state_, kWaiters);

  Fiber* const fiber = current_fiber();
  try {
    if (fiber != nullptr) fiber->condition = this;
    functions.unlock(lock);
    if (fiber != nullptr) fiber->condition = nullptr;
  } catch (...) {
    if (fiber != nullptr) fiber->condition = nullptr;
    if (is_refusal_of_unlocked()) __fsan_misuse(FSAN_FINDING_CONDITION_WITHOUT_LOCK, this);
    if (!leave(state_, waiter))
      for (int round = 0; !waiter.notified(); ++round) spin_pause(round);
    throw;
  }
  const void* object = this;
  const bool notified = waiter.notified() || wait.block({FSAN_WAIT_CONDITION_WAIT, &object, 1},
                                                        deadline, &ConditionWaiter::saved, &waiter);
  if (notified) {
    __fsan_acquire(&waiter.order);
  } else {
    leave(state_, waiter);
  }
  functions.lock(lock);
  return notified;
}

void ConditionVariable::notify_one() noexcept {
  // acquire [A2]: a waiter that unlocked the program's lock before us is seen through that
  // lock; without one there is nothing to see. Pairs with [R1] in unlock_word().
  if (state_.word.load(std::memory_order_acquire) == 0) return;
  lock_word(state_);
  Waiter* waiter = waiters(state_).pop_claimed();
  unlock_word(state_, waiters(state_).empty() ? 0 : kWaiters);
  if (waiter != nullptr) static_cast<ConditionWaiter*>(waiter)->notify();
}

void ConditionVariable::notify_all() noexcept {
  // acquire [A2]: as in notify_one().
  if (state_.word.load(std::memory_order_acquire) == 0) return;
  lock_word(state_);
  Waiter* first = take_all(state_);
  unlock_word(state_, 0);
  while (first != nullptr) {
    Waiter* next = first->next;
    static_cast<ConditionWaiter*>(first)->notify();
    first = next;
  }
}

}  // namespace fiber
