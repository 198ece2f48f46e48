// token.h: the smallest thing to wait on: a token that one fiber takes and anybody puts.
#ifndef FIBERSAN_TESTS_UNIT_RUNTIME_TOKEN_H
#define FIBERSAN_TESTS_UNIT_RUNTIME_TOKEN_H

#include "runtime/fiber.h"
#include "runtime/lock.h"
#include "runtime/park.h"

namespace fiber::internal {

class Token {
 public:
  void put() {
    Fiber* waiter = nullptr;
    {
      SpinGuard guard(lock_);
      waiter = waiter_;
      waiter_ = nullptr;
      if (waiter == nullptr) present_ = true;
    }
    if (waiter != nullptr) ready(waiter);
  }
  void take() FIBER_NO_THREAD_SAFETY_ANALYSIS {
    lock_.lock();
    if (present_) {
      present_ = false;
      lock_.unlock();
      return;
    }
    waiter_ = current_fiber();
    const void* object = this;
    park(
        {FSAN_WAIT_SEMAPHORE_ACQUIRE, &object, 1, false},
        [](void* self)
            FIBER_NO_THREAD_SAFETY_ANALYSIS { static_cast<Token*>(self)->lock_.unlock(); },
        this);
  }

 private:
  SpinLock lock_{LockRank::kSync};
  bool present_ FIBER_GUARDED_BY(lock_) = false;
  Fiber* waiter_ FIBER_GUARDED_BY(lock_) = nullptr;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_TESTS_UNIT_RUNTIME_TOKEN_H
