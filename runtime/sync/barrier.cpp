// fiber::Barrier and fiber::Latch.
//
// Invariants
//   B1  Barrier payload: participants missing in this round; it starts over when it
//       reaches zero, in the same locked section that takes the waiters out.
//   B2  Rounds order through two Syncs by turns: nobody can arrive in the next round but
//       one before all have left this one.
#include "fiber/error.h"
#include "fiber/sync.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

Barrier::~Barrier() {
  object_destroyed(this, sizeof(*this),
                   (state_.word.load(std::memory_order_relaxed) & kWaiters) != 0);
}

void Barrier::arrive_and_wait() { arrive(true); }
void Barrier::arrive_and_drop() { arrive(false); }

void Barrier::arrive(bool wait) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  uint64_t word = lock_word(state_);
  if (payload(word) == 0) {
    unlock_word(state_, word);
    throw Error("Barrier: more arrive than take part");
  }
  const void* order = reinterpret_cast<const char*>(this) + round_ % 2;
  __fsan_merge(order);
  if (!wait) --participants_;
  word -= kOne;
  if (payload(word) == 0) {
    Waiter* first = take_all(state_);
    ++round_;
    unlock_word(state_, participants_ * kOne);
    wake_all(first);
  } else if (wait) {
    WaitState state(WaitState::kOneQueue);
    Waiter waiter(state);
    waiters(state_).push_back(waiter);
    static_cast<void>(
        block_on(state, FSAN_WAIT_BARRIER_WAIT, this, state_, word | kWaiters, kNoDeadline));
  } else {
    unlock_word(state_, word);
  }
  if (wait) __fsan_acquire(order);
}

Latch::~Latch() {
  object_destroyed(this, sizeof(*this),
                   (state_.word.load(std::memory_order_relaxed) & kWaiters) != 0);
}

void Latch::count_down(uint32_t by) {
  __fsan_merge(this);
  uint64_t word = lock_word(state_);
  if (payload(word) < by) {
    unlock_word(state_, word);
    throw Error("Latch: counted down below zero");
  }
  word -= by * kOne;
  Waiter* first = nullptr;
  if (payload(word) == 0) {
    first = take_all(state_);
    word = 0;
  }
  unlock_word(state_, word);
  wake_all(first);
}

bool Latch::try_wait() noexcept {
  // acquire [A2]: pairs with [R1] in unlock_word(). Not zero while somebody is inside.
  if (state_.word.load(std::memory_order_acquire) != 0) return false;
  __fsan_acquire(this);
  return true;
}

void Latch::wait() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  if (try_wait()) return;
  const uint64_t word = lock_word(state_);
  if (payload(word) == 0) {
    unlock_word(state_, word);
  } else {
    WaitState state(WaitState::kOneQueue);
    Waiter waiter(state);
    waiters(state_).push_back(waiter);
    static_cast<void>(
        block_on(state, FSAN_WAIT_BARRIER_WAIT, this, state_, word | kWaiters, kNoDeadline));
  }
  __fsan_acquire(this);
}

}  // namespace fiber
