// sync_word.h: the word of a SyncState: flags, a count, and the lock of its waiters.
//
// State:    kBusy is a spin lock over the rest of the word and the list. The other bits
//           mean what the object says, except kWaiters.
// Cost:     what is uncontended is one compare-exchange that never sets kBusy.
// Threads:  any. A holder of kBusy never calls user code; it may leave the word to
//           park()'s after_save.
//
// Invariants
//   I1  While kBusy is set only its holder changes the word: a compare-exchange without it
//       expects a value that has it clear.
//   I2  The store that ends an operation, be it of kBusy or of the count, is its last touch
//       of the object. So whoever sees the result may destroy the object: locking the
//       waiters inside of the same word is what a lock beside it could not give.
//   I3  kWaiters is set whenever the list has a waiter.
#ifndef FIBERSAN_RUNTIME_SYNC_SYNC_WORD_H
#define FIBERSAN_RUNTIME_SYNC_SYNC_WORD_H

#include <cstdint>

#include "fiber/sync_state.h"
#include "runtime/lock_rank.h"
#include "runtime/sync/waiter.h"
#include "runtime/thread_annotations.h"

namespace fiber::internal {

inline constexpr uint64_t kBusy = 1;
inline constexpr uint64_t kWaiters = 2;
inline constexpr uint64_t kFirstFlag = 4;  // from here to kOne: the object's own
inline constexpr uint64_t kOne = uint64_t{1} << SyncState::kPayloadShift;

inline uint64_t payload(uint64_t word) { return word >> SyncState::kPayloadShift; }
inline uint64_t flags(uint64_t word) { return word & (kOne - 1); }

// Gives the CPU to whoever holds kBusy, sooner or later.
void spin_pause(int round);

// Sets kBusy and returns the word without it.
inline uint64_t lock_word(SyncState& state) FIBER_ACQUIRE(state) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  uint64_t word = state.word.load(std::memory_order_relaxed);
  for (int round = 0;; ++round) {
    // acquire [A1]: sees what the last holder did. Pairs with [R1] in unlock_word() and
    // with the releases of the objects' own fast paths.
    if ((word & kBusy) == 0 &&
        state.word.compare_exchange_weak(word, word | kBusy, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
      lock_rank_acquired(&state, LockRank::kSync);
      return word;
    }
    spin_pause(round);
    word = state.word.load(std::memory_order_relaxed);
  }
}

// Stores the word, kBusy clear. Last touch (I2).
inline void unlock_word(SyncState& state, uint64_t word)
    FIBER_RELEASE(state) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  lock_rank_released(&state);
  // release [R1]: pairs with [A1] in lock_word() and the acquires of fast paths.
  state.word.store(word & ~kBusy, std::memory_order_release);
}

inline WaitList waiters(SyncState& state) FIBER_REQUIRES(state) {
  return WaitList(state.first, state.last);
}

// Empties the list: those whose wait could be claimed, linked by `next` in their order.
inline Waiter* take_all(SyncState& state) FIBER_REQUIRES(state) {
  Waiter* first = nullptr;
  Waiter** end = &first;
  while (Waiter* waiter = waiters(state).pop_claimed()) {
    waiter->next = nullptr;
    *end = waiter;
    end = &waiter->next;
  }
  return first;
}

inline uint64_t with_flag(uint64_t word, uint64_t flag, bool on) {
  return on ? word | flag : word & ~flag;
}

// For block(): the word to store once the fiber has been saved.
struct WordUnlock {
  SyncState* state;
  uint64_t word;
  static void now(void* argument) FIBER_NO_THREAD_SAFETY_ANALYSIS {
    const auto* unlock = static_cast<WordUnlock*>(argument);
    unlock_word(*unlock->state, unlock->word);
  }
};

// The waiter's end of a wait on one object, state locked: stores `word` and blocks.
[[nodiscard]] inline bool block_on(WaitState& wait, fsan_wait_reason reason, const void* object,
                                   SyncState& state, uint64_t word, Deadline deadline,
                                   uint64_t blocked_by = 0)
    FIBER_RELEASE(state) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  WordUnlock unlock{&state, word};
  return wait.block({reason, &object, 1, blocked_by}, deadline, &WordUnlock::now, &unlock);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SYNC_SYNC_WORD_H
