// fiber::Mutex. Fairness as Go's sync.Mutex: in normal mode an unlock wakes the first
// waiter, which then competes with whoever runs; a waiter that loses after 1 ms puts the
// mutex into starvation mode, in which each unlock hands it to the first waiter and new
// arrivals queue up. That mode ends with a waiter that was last or waited for less.
//
// Invariants (of the word, beside those of sync_word.h)
//   M1  kLocked stays set while ownership is handed over, so nobody can slip in between.
//   M2  kWoken: one who waited has been woken, or one who has not yet is spinning, and is
//       about to compete; unlocks wake no other. It clears the flag when it has won, queued
//       or given up.
//   M3  While a detector listens owner_ is the holder's id, or 0 while nobody holds kLocked
//       or it is changing hands. Without one nobody needs to know (and the header's short
//       way does not ask who it is).
//   M4  payload: the run of the fiber that kWoken stands for; 0: a thread's, or without kWoken.
//       A fiber that was stopped with its run before it went on will not compete.
#include "fiber/error.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "runtime/deadlock.h"
#include "runtime/hooks.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

constexpr uint64_t kLocked = kFirstFlag;
constexpr uint64_t kWoken = kFirstFlag << 1;
constexpr uint64_t kStarving = kFirstFlag << 2;
constexpr uint64_t kWokenAndRun = kWoken | ~(kOne - 1);
constexpr std::chrono::milliseconds kStarvation{1};

struct MutexWaiter : Waiter {
  using Waiter::Waiter;
  Deadline since{};          // when it began to wait
  bool handed_over = false;  // written by the unlocker that claimed it
};

uint64_t woken_run(const Waiter& waiter) {
  return waiter.state->is_fiber() ? run_number() << SyncState::kPayloadShift : 0;
}

// The word without a kWoken that nobody will clear (M4).
uint64_t without_stopped(uint64_t word) {
  const bool stopped = payload(word) != 0 && payload(word) != run_number();
  return stopped ? word & ~kWokenAndRun : word;
}

// False only when somebody holds it. `forgotten`: flags to clear on the way.
bool try_take(std::atomic<uint64_t>& word, uint64_t forgotten = 0) {
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (int round = 0; (seen & kLocked) == 0; ++round) {
    if ((seen & kBusy) != 0) {
      spin_pause(round);
      seen = word.load(std::memory_order_relaxed);
      continue;
    }
    // acquire [A2]: sees what the last holder did. Pairs with [R2] in unlock_in_library() and
    // the header's unlock(), and with [R1].
    if (word.compare_exchange_weak(seen, (seen | kLocked) & ~forgotten, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

// A holder that runs on another processor is gone sooner than a switch takes. Not while other
// fibers wait for this processor: they have something to do. `woken`: kWoken was set by us
// (M2), so that unlocks wake nobody who would come too late.
bool spin_to_take(std::atomic<uint64_t>& word, bool& woken) {
  constexpr int kRounds = 4;
  constexpr int kPauses = 30;
  if (processors() == 1 || others_wait_here()) return false;
  for (int round = 0; round < kRounds; ++round) {
    uint64_t seen = word.load(std::memory_order_relaxed);
    if ((seen & kStarving) != 0) return false;
    if (!woken && (seen & (kBusy | kWoken | kWaiters)) == kWaiters) {
      // relaxed: says only that somebody competes.
      woken = word.compare_exchange_strong(seen, seen | kWoken, std::memory_order_relaxed);
    }
    for (int i = 0; i < kPauses; ++i) spin_pause(0);
    if (try_take(word, woken ? kWokenAndRun : 0)) return true;
  }
  return false;
}

}  // namespace

Mutex::~Mutex() {
  static_assert(kLocked == kMutexLocked);
  const uint64_t word = state_.word.load(std::memory_order_relaxed);
  object_destroyed(this, sizeof(*this), (word & (kLocked | kWaiters)) != 0);
}

// Only the holder stores, and the others look only for themselves: relaxed.
void Mutex::owned() {
  if (hooks::listening()) owner_.store(self_id(), std::memory_order_relaxed);
}

void Mutex::lock_in_library() {
  uint64_t unlocked = 0;
  // acquire [A2]: as in try_take(). Free though others wait: who runs goes first (until one
  // of them starves).
  if (!state_.word.compare_exchange_strong(unlocked, kLocked, std::memory_order_acquire,
                                           std::memory_order_relaxed) &&
      !try_take(state_.word)) {
    refuse_to_wait_for_nobody();
    static_cast<void>(wait_for_lock(kNoDeadline));
  }
  owned();
  hooks::lock_acquired(this, FSAN_LOCK_WRITE);
}

// Held. As in Go the fiber that locked it already waits: another one may unlock it. If none
// can, that is a deadlock; outside of fibers nobody would ever see that.
void Mutex::refuse_to_wait_for_nobody() {
  // relaxed: our id is there only when we have put it there.
  const bool ours = hooks::listening() && owner_.load(std::memory_order_relaxed) == self_id();
  if (ours) __fsan_misuse(FSAN_FINDING_DOUBLE_LOCK, this);
  if (current_fiber() != nullptr) return;
  if (ours) throw Deadlock("the thread holds this mutex already: lock it once, or not again");
  if (!foreign_threads(1))
    throw Deadlock("the only thread would wait for a mutex that is held: nobody can unlock it");
}

// False: not before the deadline. Leaves owner_ to the caller.
bool Mutex::wait_for_lock(Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  bool woken = false;  // by an unlock, or it spins: kWoken is ours (M2)
  if (spin_to_take(state_.word, woken)) return true;
  Deadline since{};
  bool waited = false;
  for (;;) {
    uint64_t word = lock_word(state_);
    if (woken) word &= ~kWokenAndRun;
    if ((word & kLocked) == 0) {
      unlock_word(state_, word | kLocked);
      return true;
    }
    const Deadline now = Deadline::clock::now();
    if (deadline <= now) {
      unlock_word(state_, word);
      return false;
    }
    if (!waited) since = now;
    if (waited && now - since > kStarvation) word |= kStarving;
    WaitState wait(ends_of(deadline));
    MutexWaiter waiter(wait);
    waiter.since = since;
    if (waited)
      waiters(state_).push_front(waiter);
    else
      waiters(state_).push_back(waiter);
    // relaxed: a hint, see hooks.def.
    if (!block_on(wait, FSAN_WAIT_MUTEX_LOCK, this, state_, word | kWaiters, deadline,
                  owner_.load(std::memory_order_relaxed))) {
      word = lock_word(state_);
      if (waiter.queued) waiters(state_).remove(waiter);
      if (waiters(state_).empty()) word &= ~(kWaiters | kStarving);
      unlock_word(state_, word);
      return false;
    }
    if (waiter.handed_over) return true;
    woken = waited = true;
  }
}

bool Mutex::try_lock() {
  if (!try_take(state_.word)) return false;
  owned();
  hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

bool Mutex::lock_before(Deadline deadline) {
  if (!try_take(state_.word) && !wait_for_lock(deadline)) return false;
  owned();
  hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

void Mutex::unlock_in_library() {
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  if ((word & kLocked) == 0) {
    unlocked_without_lock(FSAN_FINDING_UNLOCK_OF_UNLOCKED, this);
    throw UnlockOfUnlocked("unlock of a mutex that nobody holds: lock it first");
  }
  if (hooks::listening()) {
    if (owner_.load(std::memory_order_relaxed) != self_id())
      unlocked_without_lock(FSAN_FINDING_UNLOCK_BY_NON_OWNER, this);
    owner_.store(0, std::memory_order_relaxed);
    __fsan_lock_released(this, FSAN_LOCK_WRITE);
  }
  for (int round = 0;; ++round) {
    const uint64_t seen = without_stopped(word);
    const bool wakes_nobody = (seen & kWaiters) == 0 || (seen & kWoken) != 0;
    if ((word & (kBusy | kStarving)) == 0 && wakes_nobody) {
      // release [R2]: pairs with [A2] and with [A1] in lock_word(). Last touch.
      if (state_.word.compare_exchange_weak(word, seen & ~kLocked, std::memory_order_release,
                                            std::memory_order_relaxed)) {
        return;
      }
    } else if ((word & kBusy) != 0) {
      spin_pause(round);
      word = state_.word.load(std::memory_order_relaxed);
    } else {
      return unlock_and_wake();
    }
  }
}

void Mutex::unlock_and_wake() {
  uint64_t word = without_stopped(lock_word(state_));
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
    if (next != nullptr) word |= kWoken | woken_run(*next);  // M4
  }
  unlock_word(state_, word);
  if (next != nullptr) next->state->wake();
}

}  // namespace fiber
