// global_queue.h: runnable fibers of no processor: overflow, and what threads outside of
// the runtime make ready.
//
// Cost:     a lock; looked at every 61st pick and when the own queue is empty.
// State:    a growing ring of pointers. Not a linked list: taking 128 fibers would miss the
//           cache 128 times, one after the other (a yield among 1000 fibers cost 140 ns
//           instead of 60).
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_GLOBAL_QUEUE_H
#define FIBERSAN_RUNTIME_GLOBAL_QUEUE_H

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <vector>

#include "runtime/fiber.h"
#include "runtime/lock.h"
#include "runtime/run_queue.h"

namespace fiber::internal {

class GlobalQueue {
 public:
  static constexpr uint32_t kMostTaken = 128;  // half a ring
  using Taken = Batch<Fiber, kMostTaken>;

  void push(const RunQueue<Fiber>::Overflow& batch) {
    if (batch.count != 0) push(batch.items, batch.count);
  }
  void push(Fiber* fiber) { push(&fiber, 1); }

  // A fair share for one of `processors`.
  void take(uint32_t processors, Taken& taken) {
    if (empty()) return;
    SpinGuard guard(lock_);
    const size_t count = std::min<size_t>(size_ / processors + 1, kMostTaken);
    while (taken.count < count && size_ > 0) {
      taken.append(fibers_[first_++ & (fibers_.size() - 1)]);
      --size_;
    }
    publish_size();
  }

  // Relaxed: exact only for who holds the idle protocol's fence, see idle.h.
  bool empty() const { return published_size_.load(std::memory_order_relaxed) == 0; }

  // Stale at once.
  size_t size() const { return published_size_.load(std::memory_order_relaxed); }

  // When no worker runs.
  void clear() {
    SpinGuard guard(lock_);
    size_ = 0;
    publish_size();
  }

 private:
  void push(Fiber* const* fibers, uint32_t count) {
    SpinGuard guard(lock_);
    if (size_ + count > fibers_.size()) grow(size_ + count);
    for (uint32_t i = 0; i < count; ++i) {
      fibers_[(first_ + size_++) & (fibers_.size() - 1)] = fibers[i];
    }
    publish_size();
  }
  void grow(size_t least) FIBER_REQUIRES(lock_) {
    std::vector<Fiber*> larger(std::bit_ceil(std::max<size_t>(2 * least, 1024)));
    for (size_t i = 0; i < size_; ++i) larger[i] = fibers_[(first_ + i) & (fibers_.size() - 1)];
    fibers_.swap(larger);
    first_ = 0;
  }
  void publish_size() FIBER_REQUIRES(lock_) {
    published_size_.store(size_, std::memory_order_relaxed);
  }

  SpinLock lock_{LockRank::kGlobalQueue};
  std::vector<Fiber*> fibers_ FIBER_GUARDED_BY(lock_);  // a ring, its size a power of two
  size_t first_ FIBER_GUARDED_BY(lock_) = 0;
  size_t size_ FIBER_GUARDED_BY(lock_) = 0;
  std::atomic<size_t> published_size_{0};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_GLOBAL_QUEUE_H
