// fiber::Once.
//
// Invariants
//   O1  kDone is set for ever by end(), and with it the list is empty.
#include "fiber/sync.h"
#include "runtime/hooks.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

constexpr uint64_t kRunning = kFirstFlag;
constexpr uint64_t kDone = kFirstFlag << 1;

}  // namespace

Once::~Once() {
  const uint64_t word = state_.word.load(std::memory_order_relaxed);
  object_destroyed(this, sizeof(*this), (word & (kRunning | kWaiters)) != 0);
}

bool Once::done() const noexcept {
  // acquire [A2]: pairs with [R1], for the machine's sake.
  return (state_.word.load(std::memory_order_acquire) & kDone) != 0;
}

bool Once::begin() {
  if (done()) {
    hooks::acquire(this);
    return false;
  }
  const uint64_t word = lock_word(state_);
  if ((word & (kRunning | kDone)) == 0) {
    // relaxed: read by those who wait, behind the word.
    if (hooks::listening()) runner_.store(self_id(), std::memory_order_relaxed);
    unlock_word(state_, word | kRunning);
    return true;
  }
  if ((word & kDone) != 0) {
    unlock_word(state_, word);
  } else {
    WaitState wait(WaitState::kOneQueue);
    Waiter waiter(wait);
    waiters(state_).push_back(waiter);
    static_cast<void>(block_on(wait, FSAN_WAIT_ONCE, this, state_, word | kWaiters, kNoDeadline,
                               runner_.load(std::memory_order_relaxed)));
  }
  hooks::acquire(this);
  return false;
}

void Once::end() noexcept {
  hooks::release(this);
  lock_word(state_);
  Waiter* first = take_all(state_);
  unlock_word(state_, kDone);
  wake_all(first);
}

}  // namespace fiber
