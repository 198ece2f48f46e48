// fiber::RwMutex: writer-preferring, as Go's sync.RWMutex.
//
// Ownership is always handed over by who leaves, never competed for: a writer that
// leaves lets in all readers that wait, else the next writer; the last reader that leaves
// lets in a writer. So neither kind starves the other.
//
// Invariants (of the word, beside those of sync_word.h)
//   W1  payload: readers inside. kWriter: a writer inside, and then no reader.
//   W2  kWaiters: writers wait; kReadersWait: readers wait. A reader gets in by itself only
//       while neither a writer is inside nor one waits.
//   W3  Somebody waits only while somebody is inside: whoever is let in is counted before
//       the word is released.
#include "fiber/error.h"
#include "fiber/sync.h"
#include "runtime/hooks.h"
#include "runtime/sync/object_hooks.h"
#include "runtime/sync/sync_word.h"

namespace fiber {

using namespace internal;  // NOLINT: the whole file is about it

namespace {

constexpr uint64_t kWriter = kFirstFlag;
constexpr uint64_t kReadersWait = kFirstFlag << 1;

}  // namespace

// The word to store and who is to be woken after that, linked by `next`.
struct RwMutex::Grant {
  uint64_t word;
  Waiter* first;
};

RwMutex::~RwMutex() {
  object_destroyed(this, sizeof(*this), state_.word.load(std::memory_order_relaxed) != 0);
}

// Lets in whom W2 and the order of the heading allow now.
RwMutex::Grant RwMutex::grant(uint64_t word, bool readers_first) {
  WaitList readers(first_reader_, last_reader_);
  WaitList writers = waiters(state_);
  if ((word & kWriter) != 0) return {word, nullptr};
  Waiter* granted = nullptr;
  if (!readers_first && payload(word) == 0) granted = writers.pop_claimed();
  if (granted != nullptr) {
    granted->next = nullptr;
    word |= kWriter;
    writer_.store(granted->state->id(), std::memory_order_relaxed);  // as in lock()
  } else if (readers_first || writers.empty()) {
    Waiter** end = &granted;
    while (Waiter* reader = readers.pop_claimed()) {
      reader->next = nullptr;
      *end = reader;
      end = &reader->next;
      word += kOne;
    }
  }
  word = with_flag(word, kWaiters, !writers.empty());
  word = with_flag(word, kReadersWait, !readers.empty());
  if (granted == nullptr && readers_first) return grant(word, false);
  return {word, granted};
}

void RwMutex::lock() {
  const uint64_t self = self_id();
  uint64_t word = 0;
  // acquire [A2]: sees what the last holders did. Pairs with [R2] in unlock(), [R3] in
  // unlock_shared() and [R1].
  if (!state_.word.compare_exchange_strong(word, kWriter, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
    // relaxed: `self` is there only when we have put it there.
    if (writer_.load(std::memory_order_relaxed) == self) {
      __fsan_misuse(FSAN_FINDING_DOUBLE_LOCK, this);
      if (current_fiber() == nullptr)
        throw Deadlock("the thread holds this RwMutex already: lock it once, or not again");
    }
    static_cast<void>(wait_for_write(kNoDeadline));
  }
  writer_.store(self, std::memory_order_relaxed);
  hooks::lock_acquired(this, FSAN_LOCK_WRITE);
}

bool RwMutex::wait_for_write(Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  uint64_t word = lock_word(state_);
  if (payload(word) == 0 && (word & kWriter) == 0) {  // then nobody waits either (W3)
    unlock_word(state_, word | kWriter);
    return true;
  }
  if (has_passed(deadline)) {
    unlock_word(state_, word);
    return false;
  }
  WaitState wait(ends_of(deadline));
  Waiter waiter(wait);
  waiters(state_).push_back(waiter);
  // relaxed: a hint, see hooks.def.
  if (block_on(wait, FSAN_WAIT_RWMUTEX_LOCK, this, state_, word | kWaiters, deadline,
               writer_.load(std::memory_order_relaxed)))
    return true;
  word = lock_word(state_);
  if (waiter.queued) waiters(state_).remove(waiter);
  // Readers may have waited behind this writer alone.
  const Grant next = grant(with_flag(word, kWaiters, !waiters(state_).empty()), false);
  unlock_word(state_, next.word);
  wake_all(next.first);
  return false;
}

bool RwMutex::try_lock() {
  uint64_t word = 0;
  // acquire [A2]: as in lock().
  if (!state_.word.compare_exchange_strong(word, kWriter, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
    if (!wait_for_write(kNoWait)) return false;
  }
  writer_.store(self_id(), std::memory_order_relaxed);  // as in lock()
  hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

bool RwMutex::lock_before(Deadline deadline) {
  if (!wait_for_write(deadline)) return false;
  writer_.store(self_id(), std::memory_order_relaxed);  // as in lock()
  hooks::lock_acquired(this, FSAN_LOCK_TRY_WRITE);
  return true;
}

void RwMutex::unlock() {
  if ((state_.word.load(std::memory_order_relaxed) & kWriter) == 0) {
    unlocked_without_lock(FSAN_FINDING_UNLOCK_OF_UNLOCKED, this);
    throw UnlockOfUnlocked("unlock of an RwMutex that nobody has locked for writing");
  }
  if (writer_.load(std::memory_order_relaxed) != self_id())
    unlocked_without_lock(FSAN_FINDING_UNLOCK_BY_NON_OWNER, this);
  writer_.store(0, std::memory_order_relaxed);
  hooks::lock_released(this, FSAN_LOCK_WRITE);
  uint64_t word = kWriter;
  // release [R2]: pairs with [A2], [A3] and [A1] in lock_word(). Last touch.
  if (state_.word.compare_exchange_strong(word, 0, std::memory_order_release,
                                          std::memory_order_relaxed)) {
    return;
  }
  const Grant next = grant(lock_word(state_) & ~kWriter, true);
  unlock_word(state_, next.word);
  wake_all(next.first);
}

void RwMutex::lock_shared() {
  static_cast<void>(wait_for_read(kNoDeadline));
  hooks::lock_acquired(this, FSAN_LOCK_READ);
}

bool RwMutex::try_lock_shared() {
  if (!wait_for_read(kNoWait)) return false;
  hooks::lock_acquired(this, FSAN_LOCK_TRY_READ);
  return true;
}

bool RwMutex::lock_shared_before(Deadline deadline) {
  if (!wait_for_read(deadline)) return false;
  hooks::lock_acquired(this, FSAN_LOCK_TRY_READ);
  return true;
}

bool RwMutex::wait_for_read(Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  while ((word & (kBusy | kWriter | kWaiters)) == 0) {
    // acquire [A3]: sees what the last writer did. Pairs with [R2] in unlock() and [R1].
    if (state_.word.compare_exchange_weak(word, word + kOne, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      return true;
    }
  }
  word = lock_word(state_);
  if ((word & (kWriter | kWaiters)) == 0) {
    unlock_word(state_, word + kOne);
    return true;
  }
  // relaxed: as in lock().
  if ((word & kWriter) != 0 && deadline == kNoDeadline &&
      writer_.load(std::memory_order_relaxed) == self_id()) {
    unlock_word(state_, word);
    __fsan_misuse(FSAN_FINDING_DOUBLE_LOCK, this);
    if (current_fiber() == nullptr)
      throw Deadlock("the thread holds this RwMutex for writing: it waits for itself");
    word = lock_word(state_);  // still ours, so still locked
  }
  if (has_passed(deadline)) {
    unlock_word(state_, word);
    return false;
  }
  WaitState wait(ends_of(deadline));
  Waiter waiter(wait);
  WaitList readers(first_reader_, last_reader_);
  readers.push_back(waiter);
  if (block_on(wait, FSAN_WAIT_RWMUTEX_READ_LOCK, this, state_, word | kReadersWait, deadline,
               writer_.load(std::memory_order_relaxed)))
    return true;
  word = lock_word(state_);
  if (waiter.queued) readers.remove(waiter);
  unlock_word(state_, with_flag(word, kReadersWait, !readers.empty()));
  return false;
}

void RwMutex::unlock_shared() {
  uint64_t word = state_.word.load(std::memory_order_relaxed);
  if (payload(word) == 0) {
    unlocked_without_lock(FSAN_FINDING_UNLOCK_OF_UNLOCKED, this);
    throw UnlockOfUnlocked("unlock_shared of an RwMutex that nobody has locked for reading");
  }
  hooks::lock_released(this, FSAN_LOCK_READ);
  while ((word & (kBusy | kWaiters)) == 0) {
    // release [R3]: pairs with [A2] of the next writer and [A1]. Last touch.
    if (state_.word.compare_exchange_weak(word, word - kOne, std::memory_order_release,
                                          std::memory_order_relaxed)) {
      return;
    }
  }
  const Grant next = grant(lock_word(state_) - kOne, false);
  unlock_word(state_, next.word);
  wake_all(next.first);
}

}  // namespace fiber
