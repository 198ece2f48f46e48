// waiter.h: one blocking call of a fiber or thread, and the queues it stands in.
//
// Input:    block() from the one who waits; claim() and wake() from whoever ends the wait.
// State:    a WaitState for each blocking call and a Waiter for each queue it stands in,
//           both on the stack of the caller of block().
// Cost:     no allocation; one compare-exchange for each end of a wait that has rivals.
// Threads:  claim() and wake() anywhere. Queues are guarded by the lock of their object.
// Not here: what the objects do with their queues.
//
// Invariants
//   I1  A wait ends once: claim() succeeds for one caller only, be it a partner, the timer
//       or the thread's own time-out. This is what keeps a select from taking two cases.
//   I2  Who has claimed a wait may write to its records until wake(); nobody touches them
//       afterwards. The others touch a Waiter only under the lock of its queue, and only
//       while it stands there.
//   I3  Who waited takes its Waiters out of the queues under their locks before its
//       records go; who claimed it has taken the winning one out already.
//   I4  A thread that runs no fiber blocks as a thread.
#ifndef FIBERSAN_RUNTIME_SYNC_WAITER_H
#define FIBERSAN_RUNTIME_SYNC_WAITER_H

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "fiber/sync_state.h"
#include "runtime/fiber.h"
#include "runtime/park.h"
#include "runtime/timers.h"

namespace fiber::internal {

// Of the calling fiber or thread; never 0. Survives a move to another thread.
uint64_t self_id();

// The clock is read only where the answer depends on it.
inline bool has_passed(Deadline deadline) {
  return deadline != kNoDeadline && (deadline == kNoWait || deadline <= Deadline::clock::now());
}

class WaitState {
 public:
  // What ends the wait. kRivals: several may try at once (select, time-outs).
  enum Ends : bool { kOneQueue, kRivals };
  explicit WaitState(Ends ends);
  // Of nobody: whoever claims it has nobody to wake. A tick waits like this for a receiver.
  struct Nobody {};
  explicit constexpr WaitState(Nobody) : fiber_(nullptr), id_(0), ends_(kOneQueue) {}
  WaitState(const WaitState&) = delete;
  WaitState& operator=(const WaitState&) = delete;

  // True for the one who ends this wait (I1). Never of a fiber that was stopped with its
  // run: an object may outlive the run that fibers waited in.
  [[nodiscard]] bool claim() {
    if (fiber_ != nullptr && fiber_->state.peek() == FiberState::kStopped) return false;
    if (ends_ == kOneQueue) return true;  // the lock of the queue has decided it
    uint32_t open = kOpen;
    // relaxed: decides only. What the winner writes is published by wake().
    return decided_.compare_exchange_strong(open, kClaimed, std::memory_order_relaxed);
  }
  // After claim(), holding no lock that comes after kIdle; last touch of the records (I2).
  void wake();

  struct Reason {
    fsan_wait_reason reason;
    const void* const* objects;
    size_t count;
    uint64_t blocked_by = 0;  // see park.h
  };
  // Calls after_save(argument) once the fiber can be woken, and returns when it has been.
  // False: the deadline ended the wait. A deadline needs kRivals.
  [[nodiscard]] bool block(const Reason& reason, Deadline deadline, void (*after_save)(void*),
                           void* argument);

  uint64_t id() const { return id_; }
  bool is_fiber() const { return fiber_ != nullptr; }

 private:
  enum : uint32_t { kOpen, kClaimed, kTimedOut };

  bool block_fiber(const Reason& reason);
  bool block_thread();
  static void saved(void* state);
  static void expired(Timer* timer);

  Timer timer_;  // first: expired() finds the WaitState by it
  Fiber* fiber_;
  uint64_t id_;
  void (*after_save_)(void*) = nullptr;
  void* argument_ = nullptr;
  Deadline deadline_ = kNoDeadline;
  Ends ends_;
  std::atomic<uint32_t> decided_{kOpen};
  std::atomic<uint32_t> woken_{0};  // threads only: the futex word
};

inline WaitState::Ends ends_of(Deadline deadline) {
  return deadline == kNoDeadline ? WaitState::kOneQueue : WaitState::kRivals;
}

struct Waiter {
  explicit Waiter(WaitState& wait_state) : state(&wait_state) {}
  WaitState* state;
  Waiter* next = nullptr;
  Waiter* previous = nullptr;
  bool queued = false;
};

// A queue whose ends live wherever the object keeps them.
class WaitList {
 public:
  WaitList(Waiter*& first, Waiter*& last) : first_(first), last_(last) {}

  bool empty() const { return first_ == nullptr; }
  void push_back(Waiter& waiter);
  void push_front(Waiter& waiter);
  void remove(Waiter& waiter);
  // The first one whose wait could be claimed; those that could not are taken out, too.
  [[nodiscard]] Waiter* pop_claimed();

 private:
  Waiter*& first_;
  Waiter*& last_;
};

// Wakes claimed waiters that are linked by `next`. Their records are gone one by one.
void wake_all(Waiter* first);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SYNC_WAITER_H
