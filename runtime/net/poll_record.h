// poll_record.h: how fibers wait for one descriptor (Go's pollDesc).
//
// Input:    wait() from fibers, ready() from the poller, evict() from who closes.
// State:    for each direction one park word, a deadline and a timer. The word is kNone, kReady
//           (an edge came that nobody has used yet) or the fiber that waits.
// Cost:     256 bytes; two locked instructions for each wait, no system call but the first
//           time, when the descriptor is told to epoll.
// Threads:  one waiter at a time for each direction (fd_lock.h sees to it); the rest any.
// Not here: system calls on the descriptor (descriptor.h), epoll itself (poller.h).
//
// Invariants
//   I1  Records are never freed, only used again, and their generation changes then: an event
//       of an earlier use is recognised (poller.h) and dropped. One that slips through wakes a
//       waiter too early, which every waiter must stand anyway.
//   I2  A fiber is in a word only between publish() and whoever takes it out; who takes it out
//       makes it ready, once.
//   I3  No wake-up is lost: a waiter first publishes its fiber [P] and then looks at closed_,
//       deadline and timer; who changes those looks at the word afterwards [C]. Both are
//       seq_cst: either the waiter sees the change or the changer sees the fiber.
//   I4  While a fiber waits with a deadline, its timer is armed for that time or an earlier one.
//       A deadline that moves back leaves the timer; it fires, sees it is too early, and is
//       armed again. So a deadline that is set before each read costs one store.
#ifndef FIBERSAN_RUNTIME_NET_POLL_RECORD_H
#define FIBERSAN_RUNTIME_NET_POLL_RECORD_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "runtime/lock.h"
#include "runtime/park.h"
#include "runtime/timers.h"

namespace fiber::internal {

enum class Direction : uint8_t { kRead, kWrite };

class alignas(128) PollRecord {
 public:
  // A record for a descriptor, and its end: nobody waits, nobody will.
  static PollRecord* take(int fd);
  static void give(PollRecord* record);

  // Returns no error when the direction may be ready: the caller tries its system call and
  // comes back if it was not. Otherwise kClosed, kDeadlineExceeded, kNeedsFiber (outside of
  // fibers) or why epoll refuses the descriptor.
  std::error_code wait(Direction direction);

  // kClosed, kDeadlineExceeded or nothing.
  std::error_code status(Direction direction) const;

  void set_deadline(Direction direction, Clock::time_point deadline);
  // Every wait ends with kClosed from now on.
  void evict();

  // By the poller: an edge. Returns the fiber to make ready, or null.
  Fiber* edge(Direction direction) { return take_waiter(side(direction), /*ready=*/true); }
  // After the end of a stream, an error or urgent data a short read does not mean that the
  // next one would wait.
  void set_eventful() { eventful_.store(true, std::memory_order_relaxed); }
  bool eventful() const { return eventful_.load(std::memory_order_relaxed); }

  // The epoll key: this record in this use.
  uint64_t key() const;
  // Null when the key is of an earlier use.
  static PollRecord* of_key(uint64_t key);

  // Told to epoll, so that edges arrive.
  bool registered() const { return registered_.load(std::memory_order_relaxed); }
  // After a fork: the child has an epoll of its own, which knows nothing.
  void forget_registration() { registered_.store(false, std::memory_order_relaxed); }
  bool has_waiter() const;
  // The run has ended, its fibers never move again.
  void forget_waiters();
  int fd() const { return fd_; }

  // Visits every record ever used until visit() returns true.
  static bool for_each(bool (*visit)(PollRecord&, void*), void* argument);

 private:
  friend class RecordPool;
  static constexpr uintptr_t kNone = 0;
  static constexpr uintptr_t kReadyWord = 1;
  static constexpr int64_t kNever = INT64_MAX;

  struct Side : Timer {
    std::atomic<uintptr_t> word{kNone};
    std::atomic<int64_t> deadline{kNever};   // steady_clock nanoseconds
    std::atomic<int64_t> armed_for{kNever};  // when the timer fires; kNever: not armed
  };
  struct Publish;

  Side& side(Direction direction) { return sides_[static_cast<size_t>(direction)]; }
  const Side& side(Direction direction) const { return sides_[static_cast<size_t>(direction)]; }
  int enlist();
  void arm_timer(Side& side);
  static bool timer_suffices(const Side& side);
  static bool passed(const Side& side);
  static void expired(Timer* timer);
  static void publish(void* argument);
  static Fiber* take_waiter(Side& side, bool ready);

  Side sides_[2];
  SpinLock lock_{LockRank::kPollRecord};  // arming of timers, registration
  std::atomic<bool> closed_{false};
  std::atomic<bool> registered_{false};
  std::atomic<bool> eventful_{false};
  int fd_ = -1;
  std::atomic<uint32_t> generation_{0};
  PollRecord* next_free_ = nullptr;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_POLL_RECORD_H
