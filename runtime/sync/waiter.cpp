#include "runtime/sync/waiter.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <type_traits>

namespace fiber::internal {

namespace {

constexpr uint64_t kThreadId = uint64_t{1} << 63;

// Not inlined: a fiber may come back from park() on another thread, and the compiler
// must not keep the address of a thread-local across that.
[[gnu::noinline]] uint64_t thread_id() {
  static thread_local uint64_t id = kThreadId | static_cast<uint64_t>(syscall(SYS_gettid));
  return id;
}

// Sleeps while *word is `expected`, at the longest until `deadline`.
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, Deadline deadline) {
  timespec time{};
  const bool timed = deadline != kNoDeadline;
  if (timed) {
    const int64_t nanoseconds = deadline.time_since_epoch().count();
    time = {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  }
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, which steady_clock is.
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, timed ? &time : nullptr, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

uint64_t self_id() {
  const Fiber* fiber = current_fiber();
  return fiber != nullptr ? fiber->id : thread_id();
}

WaitState::WaitState(Ends ends)
    : fiber_(current_fiber()), id_(fiber_ != nullptr ? fiber_->id : thread_id()), ends_(ends) {}

void WaitState::wake() {
  if (fiber_ != nullptr) {
    ready(fiber_);
    return;
  }
  std::atomic<uint32_t>* word = &woken_;
  // release [R1]: what the waker did is visible after block(). Pairs with [A1].
  word->store(1, std::memory_order_release);
  // The records may be gone now: the kernel takes the address as a mere number.
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

bool WaitState::block(const Reason& reason, Deadline deadline, void (*after_save)(void*),
                      void* argument) {
  deadline_ = deadline;
  after_save_ = after_save;
  argument_ = argument;
  return fiber_ != nullptr ? block_fiber(reason) : block_thread();
}

bool WaitState::block_fiber(const Reason& reason) {
  const bool timed = deadline_ != kNoDeadline;
  park({reason.reason, reason.objects, reason.count, timed, reason.blocked_by}, &WaitState::saved,
       this);
  if (!timed) return true;
  // relaxed: park() has ordered it (park.h I3).
  if (decided_.load(std::memory_order_relaxed) == kTimedOut) return false;
  timer_.disarm();
  return true;
}

// On the worker's stack. The fiber cannot go on before this returns (park.h I2), so the
// records stay even when somebody claims the wait in the middle.
void WaitState::saved(void* argument) {
  auto* state = static_cast<WaitState*>(argument);
  if (state->after_save_ != nullptr) state->after_save_(state->argument_);
  if (state->deadline_ != kNoDeadline) state->timer_.arm(state->deadline_, &WaitState::expired);
}

void WaitState::expired(Timer* timer) {
  static_assert(std::is_standard_layout_v<WaitState>);
  auto* state = reinterpret_cast<WaitState*>(timer);
  uint32_t open = kOpen;
  // relaxed: as in claim().
  if (!state->decided_.compare_exchange_strong(open, kTimedOut, std::memory_order_relaxed)) return;
  ready(state->fiber_);
}

bool WaitState::block_thread() {
  if (after_save_ != nullptr) after_save_(argument_);
  // acquire [A1]: pairs with [R1] in wake().
  while (woken_.load(std::memory_order_acquire) == 0) {
    if (deadline_ != kNoDeadline && Deadline::clock::now() >= deadline_) {
      uint32_t open = kOpen;
      // relaxed: as in claim().
      if (decided_.compare_exchange_strong(open, kTimedOut, std::memory_order_relaxed))
        return false;
      deadline_ = kNoDeadline;  // somebody was faster, and is about to wake us
    }
    futex_wait(woken_, 0, deadline_);
  }
  return true;
}

void WaitList::push_back(Waiter& waiter) {
  waiter.next = nullptr;
  waiter.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
  waiter.queued = true;
}

void WaitList::push_front(Waiter& waiter) {
  waiter.previous = nullptr;
  waiter.next = first_;
  (first_ != nullptr ? first_->previous : last_) = &waiter;
  first_ = &waiter;
  waiter.queued = true;
}

void WaitList::remove(Waiter& waiter) {
  (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
  waiter.queued = false;
}

Waiter* WaitList::pop_claimed() {
  while (Waiter* waiter = first_) {
    remove(*waiter);
    if (waiter->state->claim()) return waiter;
  }
  return nullptr;
}

void wake_all(Waiter* first) {
  while (first != nullptr) {
    Waiter* next = first->next;
    first->state->wake();
    first = next;
  }
}

}  // namespace fiber::internal
