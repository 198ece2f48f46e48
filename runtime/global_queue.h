// global_queue.h: runnable fibers of no processor: overflow, and what threads outside of
// the runtime make ready.
//
// Cost:     a lock; looked at every 61st pick and when the own queue is empty.
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_GLOBAL_QUEUE_H
#define FIBERSAN_RUNTIME_GLOBAL_QUEUE_H

#include <algorithm>
#include <atomic>

#include "runtime/fiber.h"
#include "runtime/lock.h"
#include "runtime/run_queue.h"

namespace fiber::internal {

class GlobalQueue {
 public:
  void push(Chain<Fiber>& chain) {
    if (chain.count == 0) return;
    SpinGuard guard(lock_);
    (fibers_.first == nullptr ? fibers_.first : fibers_.last->next) = chain.first;
    fibers_.last = chain.last;
    set_count(fibers_.count + chain.count);
  }
  void push(Fiber* fiber) {
    Chain<Fiber> chain;
    chain.append(fiber);
    push(chain);
  }

  // A fair share for one of `processors`, at most `limit`.
  Chain<Fiber> take(uint32_t processors, uint32_t limit) {
    Chain<Fiber> taken;
    if (empty()) return taken;
    SpinGuard guard(lock_);
    for (uint32_t n = std::min(fibers_.count / processors + 1, limit); n > 0; --n) {
      Fiber* fiber = fibers_.take_first();
      if (fiber == nullptr) break;
      taken.append(fiber);
    }
    set_count(fibers_.count);
    return taken;
  }

  // Relaxed: exact only for who holds the idle protocol's fence, see idle.h.
  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }

  // When no worker runs.
  void clear() {
    SpinGuard guard(lock_);
    fibers_ = {};
    set_count(0);
  }

 private:
  void set_count(uint32_t count) FIBER_REQUIRES(lock_) {
    fibers_.count = count;
    count_.store(count, std::memory_order_relaxed);
  }

  SpinLock lock_{LockRank::kGlobalQueue};
  Chain<Fiber> fibers_ FIBER_GUARDED_BY(lock_);
  std::atomic<uint32_t> count_{0};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_GLOBAL_QUEUE_H
