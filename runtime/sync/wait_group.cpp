// fiber::WaitGroup.
//
// Invariants
//   G1  payload: the counter, never negative. With it at zero nobody waits.
//   G2  The done() that reaches zero takes the waiters out in the same locked section, so
//       a wait() that finds zero finds nobody inside (sync_word.h I2).
#include "fiber/wait_group.h"

#include <limits>

#include "fiber/error.h"
#include "runtime/hooks.h"
#include "runtime/sync/member_done.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

// Throws when the counter would leave its range.
uint64_t added(uint64_t word, int32_t count, const void* group) {
  const int64_t sum = static_cast<int64_t>(payload(word)) + count;
  if (sum >= 0 && sum <= std::numeric_limits<int32_t>::max())
    return flags(word) | static_cast<uint64_t>(sum) << SyncState::kPayloadShift;
  __fsan_misuse(FSAN_FINDING_NEGATIVE_WAITGROUP, group);
  throw NegativeWaitGroup(sum < 0 ? "WaitGroup: more done() than add() announced"
                                  : "WaitGroup: the counter passes 2^31-1");
}

// What add() does for the machine.
void change(SyncState& state, int32_t count, const void* group) {
  uint64_t word = state.word.load(std::memory_order_relaxed);
  for (int round = 0;; ++round) {
    const uint64_t next = added(word, count, group);
    if ((word & kBusy) != 0) {
      spin_pause(round);
      word = state.word.load(std::memory_order_relaxed);
    } else if ((word & kWaiters) != 0 && payload(next) == 0) {
      break;
    } else if (state.word.compare_exchange_weak(word, next, std::memory_order_acq_rel,
                                                std::memory_order_relaxed)) {
      // release [R2]: what was done is visible after wait(). Pairs with [A2] and [A1].
      // acquire: an add() from zero after that. Pairs with [R2].
      return;
    }
  }
  word = lock_word(state);
  word = added(word, count, group);
  Waiter* first = payload(word) == 0 ? take_all(state) : nullptr;
  unlock_word(state, payload(word) == 0 ? 0 : word);
  wake_all(first);
}

}  // namespace

WaitGroup::~WaitGroup() {
  object_destroyed(this, sizeof(*this),
                   (state_.word.load(std::memory_order_relaxed) & kWaiters) != 0);
}

void WaitGroup::add(int32_t count) {
  if (count < 0) hooks::merge(this);
  // An add from zero and a wait that are not ordered are a race.
  if (count > 0 && payload(state_.word.load(std::memory_order_relaxed)) == 0)
    hooks::object_read(this, 2);
  change(state_, count, this);
}

void internal::member_done(WaitGroup& group) {
  __fsan_fiber_done(&group, 1);
  change(group.state_, -1, &group);
}

void WaitGroup::wait() {
  // acquire [A2]: pairs with [R2] in add() and [R1] in unlock_word().
  const bool counts = state_.word.load(std::memory_order_acquire) != 0;
  // The second byte is for who waits: an add() from zero that races with it begins a new round.
  hooks::object_awaited(this, counts ? 2 : 1);
  if (counts) {
    const uint64_t word = lock_word(state_);
    if (payload(word) == 0) {
      unlock_word(state_, word);
    } else {
      WaitState wait(WaitState::kOneQueue);
      Waiter waiter(wait);
      waiters(state_).push_back(waiter);
      static_cast<void>(
          block_on(wait, FSAN_WAIT_WAITGROUP_WAIT, this, state_, word | kWaiters, kNoDeadline));
    }
  }
  hooks::acquire(this);
}

}  // namespace fiber
