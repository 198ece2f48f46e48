// fiber::Mutex. Fairness as Go's sync.Mutex: in normal mode an unlock wakes the first
// waiter, which then competes with whoever runs; a waiter that loses after 1 ms puts the
// mutex into starvation mode, in which each unlock hands it to the first waiter and new
// arrivals queue up. That mode ends with a waiter that was last or waited for less.
//
// Invariants (of the word, beside those of sync_word.h)
//   M1  kLocked stays set while ownership is handed over, so nobody can slip in between.
//   M2  kWoken: one waiter has been woken and is about to compete; unlocks wake no other.
//       It clears the flag when it has won, queued again or given up.
//   M3  owner_ is the holder's id, or 0 while nobody holds kLocked or it is changing hands.
#include "fiber/error.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

constexpr uint64_t kLocked = kFirstFlag;
constexpr uint64_t kWoken = kFirstFlag << 1;
constexpr uint64_t kStarving = kFirstFlag << 2;
constexpr std::chrono::milliseconds kStarvation{1};

struct MutexWaiter : Waiter {
  using Waiter::Waiter;
  Deadline since{};          // when it began to wait
  bool handed_over = false;  // written by the unlocker that claimed it
};

// False only when somebody holds it.
bool try_take(std::atomic<uint64_t>& word) {
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (int round = 0; (seen & kLocked) == 0; ++round) {
    if ((seen & kBusy) != 0) {
      spin_pause(round);
      seen = word.load(std::memory_order_relaxed);
      continue;
    }
    // acquire [A2]: sees what the last holder did. Pairs with [R2] in unlock() and [R1].
    if (word.compare_exchange_weak(seen, seen | kLocked, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

// A holder that runs on another processor is gone sooner than a switch takes.
bool spin_to_take(std::atomic<uint64_t>& word) {
  constexpr int kRounds = 4;
  constexpr int kPauses = 30;
  if (processors() == 1) return false;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kPauses; ++i) spin_pause(0);
    if ((word.load(std::memory_order_relaxed) & kStarving) != 0) return false;
    if (try_take(word)) return true;
  }
  return false;
}

}  // namespace

Mutex::~Mutex() {
  const uint64_t word = state_.word.load(std::memory_order_relaxed);
  object_destroyed(this, sizeof(*this), (word & (kLocked | kWaiters)) != 0);
}

void Mutex::lock() {
  const uint64_t self = self_id();
  uint64_t unlocked = 0;
  // acquire [A2]: as in try_take().
  if (!state_.word.compare_exchange_strong(unlocked, kLocked, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
    lock_slow(self);
  }
  // relaxed: only the holder stores, and the others look only for themselves.
  owner_.store(self, std::memory_order_relaxed);
  __fsan_lock_acquired(this, FSAN_LOCK_WRITE);
}

void Mutex::lock_slow(uint64_t self) {
  // Free, but others wait: who runs goes first (until one of them starves).
  if (try_take(state_.word)) return;
  // relaxed: `self` is there only when we have put it there.
  if (owner_.load(std::memory_order_relaxed) == self) {
    __fsan_misuse(FSAN_FINDING_DOUBLE_LOCK, this);
    if (current_fiber() == nullptr)
      throw Deadlock("the thread holds this mutex already: lock it once, or not again");
    // As in Go the fiber waits: another one may unlock. If none can, that is a deadlock.
  }
  static_cast<void>(wait_for_lock(kNoDeadline));
}

// False: not before the deadline. Leaves owner_ to the caller.
bool Mutex::wait_for_lock(Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  if (spin_to_take(state_.word)) return true;
  Deadline since{};
  bool woken = false;  // by an unlock: kWoken is ours (M2)
  for (;;) {
    uint64_t word = lock_word(state_);
    if (woken) word &= ~kWoken;
    if ((word & kLocked) == 0) {
      unlock_word(state_, word | kLocked);
      return true;
    }
    const Deadline now = Deadline::clock::now();
    if (deadline <= now) {
      unlock_word(state_, word);
      return false;
    }
    if (!woken) since = now;
    if (woken && now - since > kStarvation) word |= kStarving;
    WaitState wait(ends_of(deadline));
    MutexWaiter waiter(wait);
    waiter.since = since;
    if (woken)
      waiters(state_).push_front(waiter);
    else
      waiters(state_).push_back(waiter);
    if (!block_on(wait, FSAN_WAIT_MUTEX_LOCK, this, state_, word | kWaiters, deadline)) {
      word = lock_word(state_);
      if (waiter.queued) waiters(state_).remove(waiter);
      if (waiters(state_).empty()) word &= ~(kWaiters | kStarving);
      unlock_word(state_, word);
      return false;
    }
    if (waiter.handed_over) return true;
    woken = true;
  }
}

bool Mutex::try_lock() {
  if (!try_take(state_.word)) return false;
  owner_.store(self_id(), std::memory_order_relaxed);  // as in lock()
  __fsan_lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

bool Mutex::lock_before(Deadline deadline) {
  if (!try_take(state_.word) && !wait_for_lock(deadline)) return false;
  owner_.store(self_id(), std::memory_order_relaxed);  // as in lock()
  __fsan_lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

void Mutex::unlock() {
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  if ((word & kLocked) == 0) {
    __fsan_misuse(FSAN_FINDING_UNLOCK_OF_UNLOCKED, this);
    throw UnlockOfUnlocked("unlock of a mutex that nobody holds: lock it first");
  }
  if (owner_.load(std::memory_order_relaxed) != self_id())
    __fsan_misuse(FSAN_FINDING_UNLOCK_BY_NON_OWNER, this);
  owner_.store(0, std::memory_order_relaxed);
  __fsan_lock_released(this, FSAN_LOCK_WRITE);
  word = kLocked;
  // release [R2]: pairs with [A2] and with [A1] in lock_word(). Last touch.
  if (!state_.word.compare_exchange_strong(word, 0, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    unlock_slow();
  }
}

void Mutex::unlock_slow() {
  uint64_t word = lock_word(state_);
  WaitList list = waiters(state_);
  const bool starving = (word & kStarving) != 0;
  // M2: somebody is on the way already.
  Waiter* next = !starving && (word & kWoken) != 0 ? nullptr : list.pop_claimed();
  word = with_flag(word, kWaiters, !list.empty());
  if (next != nullptr && starving) {
    auto* waiter = static_cast<MutexWaiter*>(next);
    waiter->handed_over = true;
    owner_.store(next->state->id(), std::memory_order_relaxed);  // M3
    if (list.empty() || Deadline::clock::now() - waiter->since < kStarvation) word &= ~kStarving;
  } else {
    word &= ~(kLocked | (list.empty() ? kStarving : 0));
    if (next != nullptr) word |= kWoken;
  }
  unlock_word(state_, word);
  if (next != nullptr) next->state->wake();
}

}  // namespace fiber
