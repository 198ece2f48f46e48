// poller.h: which descriptors have become ready: one epoll instance for the process.
//
// Input:    descriptors with the keys of their records, from PollRecord.
// Output:   poll(): the fibers whose descriptor has become ready, made runnable.
// Cost:     poll() one system call for up to kMostEvents edges; nothing for an operation, since
//           a descriptor is added once, edge-triggered, for both directions.
// Threads:  any; several may poll at once, one of them asleep; each edge goes to one of them.
// Not here: who polls and when, see worker.cpp and idle.h; how a fiber waits, see poll_record.h.
//
// Invariants
//   I1  Who sleeps in poll() returns soon after interrupt(); an interrupt() that comes before
//       the sleep counts.
#ifndef FIBERSAN_RUNTIME_NET_POLLER_H
#define FIBERSAN_RUNTIME_NET_POLLER_H

#include <atomic>
#include <cstdint>

#include "runtime/lock.h"
#include "runtime/park.h"
#include "runtime/timers.h"

namespace fiber::internal {

class PollRecord;

class Poller {
 public:
  static constexpr int kMostEvents = 128;
  static constexpr Clock::time_point kNoWait = Clock::time_point::min();

  // Fibers taken out of their records, in the order of their edges, until they are in queues.
  class Ready {
   public:
    Ready() = default;
    ~Ready();
    Ready(const Ready&) = delete;
    Ready& operator=(const Ready&) = delete;

    // Null when there is no more. The caller makes it ready.
    Fiber* take() { return next_ < count_ ? fibers_[next_++] : nullptr; }
    uint32_t left() const { return count_ - next_; }
    // All of them, to whoever comes by.
    void publish();

   private:
    friend class Poller;
    void add(Fiber* fiber) {
      if (fiber != nullptr) fibers_[count_++] = fiber;
    }
    Fiber* fibers_[2 * kMostEvents];
    uint32_t count_ = 0;
    uint32_t next_ = 0;
    bool counted_ = false;
  };

  // Is any descriptor registered? Relaxed: one added by a fiber is seen by its own worker,
  // which looks before it sleeps; who sleeps already is told (add()).
  bool in_use() const { return registered_.load(std::memory_order_relaxed) != 0; }
  // Its epoll instance.
  bool is_own(int descriptor) const { return descriptor == epoll_; }
  // May an edge make a fiber ready, or is one in somebody's hands? Exact while no fiber runs,
  // when it is asked before the queues are looked at: see I2.
  bool may_wake();
  // By the monitor, again and again: polls when nobody has for 10 ms.
  void watch(Clock::time_point now);

  // Who is about to sleep in poll(): one at a time, for an interrupt() cannot choose whom it
  // wakes (I1). False: another one does, and was interrupted to make room; who then ends its
  // sleep calls IdleSet::recheck().
  [[nodiscard]] bool begin_sleep();
  void end_sleep();

  // Collects fibers until there is one, the time comes or somebody interrupts.
  void poll(Clock::time_point until, Ready& ready);
  // Ends the sleep in poll().
  void interrupt();

  // By PollRecord: 0 or an errno.
  int add(int fd, uint64_t key);
  void remove(int fd);

  // Takes the descriptors that the poller needs. By listeners: once connections come, all may
  // be taken. Returns 0 or an errno.
  int prepare();
  // A fiber is about to wait: from now until the end of the run deadlines need timers. Returns
  // 0 or the errno of what the system refuses.
  int fiber_waits() { return run_is_on() ? 0 : start(); }
  bool run_is_on() const { return run_is_on_.load(std::memory_order_seq_cst); }
  // Counts the runs that have ended.
  uint32_t run_number() const { return run_number_.load(std::memory_order_relaxed); }
  // No worker runs any more.
  void run_finished();

 private:
  int start();
  int open_once() FIBER_REQUIRES(lock_);
  int open() FIBER_REQUIRES(lock_);
  static void forked();
  static void handle(uint64_t key, uint32_t events, Ready& ready);

  SpinLock lock_{LockRank::kPoller};  // while it is set up
  std::atomic<bool> run_is_on_{false};
  std::atomic<uint32_t> run_number_{1};
  std::atomic<uint32_t> registered_{0};
  std::atomic<uint32_t> in_hand_{0};
  std::atomic<uint32_t> polls_{0};  // changes with every poll
  uint32_t polls_seen_ = 0;         // the monitor's
  Clock::time_point polls_seen_at_;
  std::atomic<PollRecord*> last_waiter_{nullptr};  // where may_wake() found one
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> somebody_sleeps_{false};
  std::atomic<bool> sleep_wanted_{false};
  int epoll_ = -1;
  int event_ = -1;
};

extern Poller poller;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_POLLER_H
