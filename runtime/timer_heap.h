// timer_heap.h: the armed timers of one processor, earliest first.
//
// State:    a 4-ary heap of (deadline, timer), so that comparing touches no timer; four
//           children lie in one cache line.
// Cost:     arming in the order of deadlines one comparison; firing a line for each of
//           log4(n) levels.
// Threads:  any, see timers.h. Several may fire at once.
//
// Invariants
//   I1  heap_[i] is not later than its children heap_[4i+1 .. 4i+4], and the timer of
//       heap_[i] has place_ == i unless it is armed for good.
//   I2  next_deadline_ is that of heap_[0], or kNever.
//   I3  firing_ is set while the callback of a timer runs that is not armed for good; only
//       who set it clears it.
//   I4  A timer whose callback runs is armed again in the same heap, if at all: I3 keeps a
//       second callback of it from being entered.
#ifndef FIBERSAN_RUNTIME_TIMER_HEAP_H
#define FIBERSAN_RUNTIME_TIMER_HEAP_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/lock.h"
#include "runtime/timers.h"

namespace fiber::internal {

class TimerHeap {
 public:
  static constexpr Clock::time_point kNever = Clock::time_point::max();
  // Fired in one go: afterwards what was woken comes first.
  static constexpr size_t kBatch = 64;

  enum class Use : bool { kDisarmable, kForGood };
  // True when the timer is now the first of the heap it has gone to: this one, unless I4
  // wants another.
  bool arm(Timer& timer, Clock::time_point deadline, void (*fire)(Timer*),
           Use use = Use::kDisarmable);
  // See Timer. In whichever heap it is.
  static bool disarm(Timer& timer);
  static bool cancel(Timer& timer);

  // Fires what is due, a batch at most. False: nothing was, or others do it already.
  bool fire_due(Clock::time_point now);

  // kNever when nothing is armed. Relaxed: exact behind the fence of idle.h.
  Clock::time_point next_deadline() const {
    return Clock::time_point(Clock::duration(next_deadline_.load(std::memory_order_relaxed)));
  }
  bool empty() const { return next_deadline() == kNever; }
  // Timers that are armed. For statistics.
  size_t size() {
    SpinGuard guard(lock_);
    return heap_.size();
  }
  // Does a callback run whose timer could have been disarmed? For tests.
  bool firing() {
    SpinGuard guard(lock_);
    return firing_ != nullptr;
  }

  // See TimerHeaps::lock_all(); memory() by who holds the lock.
  void lock() FIBER_ACQUIRE(lock_) { lock_.lock(); }
  void unlock() FIBER_RELEASE(lock_) { lock_.unlock(); }
  struct Memory {
    const void* low;
    const void* high;
  };
  Memory memory() FIBER_NO_THREAD_SAFETY_ANALYSIS { return {heap_.begin(), heap_.end()}; }

  // The timers of a processor that is taken out of use go to another one. Not by a callback.
  void move_all_to(TimerHeap& other);
  // Disarms all; when no worker runs.
  void clear();

 private:
  struct Entry {
    int64_t deadline;
    uintptr_t timer;  // lowest bit: for good

    bool for_good() const { return (timer & 1) != 0; }
    Timer* get() const { return reinterpret_cast<Timer*>(timer & ~uintptr_t{1}); }
  };
  // Room for entries such that the children of each lie in one cache line.
  class Entries {
   public:
    Entry* begin() { return first_; }  // null at first
    Entry* end() { return first_ + size_; }
    Entry& operator[](size_t i) { return first_[i]; }
    size_t size() const { return size_; }
    void push(const Entry& entry) {
      if (size_ == capacity_) grow();
      first_[size_++] = entry;
    }
    Entry pop() { return first_[--size_]; }
    void clear();

   private:
    void grow();
    Entry* first_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
    std::unique_ptr<Entry[]> memory_;
  };

  static TimerHeap* lock_heap_of(Timer& timer);
  bool arm_locked(Timer& timer, int64_t deadline, void (*fire)(Timer*), Use use)
      FIBER_REQUIRES(lock_);
  void place(size_t index, const Entry& entry) FIBER_REQUIRES(lock_);
  void sift_up(size_t hole, const Entry& entry) FIBER_REQUIRES(lock_);
  void sift_down(size_t hole, const Entry& entry) FIBER_REQUIRES(lock_);
  void remove(size_t index) FIBER_REQUIRES(lock_);
  size_t take_batch(int64_t now, Timer** batch) FIBER_REQUIRES(lock_);
  void publish_deadline() FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kTimers};
  Entries heap_ FIBER_GUARDED_BY(lock_);
  Timer* firing_ FIBER_GUARDED_BY(lock_) = nullptr;
  std::atomic<int64_t> next_deadline_{INT64_MAX};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIMER_HEAP_H
