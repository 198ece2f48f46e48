// A fiber that stays on its thread: LockThread of local.h, as after Go's LockOSThread, and while
// it holds locks of the system that know their thread (detector/abi/hooks.h).
//
// While it is locked the thread runs no other fiber. When the fiber leaves, the thread gives
// its processor away and sleeps; the worker that next picks the fiber hands its own processor
// to that thread and looks for another one (worker.cpp).
//
// Locks that know their thread are counted for the thread, and the fiber becomes locked to it
// when it leaves with such a lock: the lock itself costs nothing but the count, and as no other
// fiber runs there meanwhile the count remains true without being moved about. It is let go
// when it leaves without one.
#include "fiber/error.h"
#include "fiber/local.h"
#include "runtime/fiber.h"
#include "runtime/park.h"
#include "runtime/switch.h"
#include "runtime/worker.h"

namespace fiber {

namespace internal {

void unlock_thread(Fiber* fiber) {
  fiber->thread_locks = 0;
  fiber->locked_to->lock_to(nullptr);
  fiber->locked_to = nullptr;
}

void Worker::keep_thread(Fiber* fiber, bool last) {
  const bool keeps = *thread_locks_ != 0 && !last;
  if (last) *thread_locks_ = 0;  // they are left to the thread, and no fiber's any more
  if (keeps && fiber->locked_to == nullptr) {
    fiber->locked_to = this;
    lock_to(fiber);
  } else if (!keeps && fiber->keeps_thread && fiber->locked_to != nullptr &&
             fiber->thread_locks == 0) {
    unlock_thread(fiber);
  }
  fiber->keeps_thread = keeps;
}

}  // namespace internal

LockThread::LockThread() {
  internal::Fiber* fiber = internal::current_fiber();
  if (fiber == nullptr) return;  // a thread keeps to itself
  locked_ = true;
  if (fiber->thread_locks++ != 0) return;
  fiber->locked_to = internal::current_worker();
  fiber->locked_to->lock_to(fiber);
}

LockThread::~LockThread() {
  if (!locked_) return;
  internal::Fiber* fiber = internal::current_fiber();
  if (fiber->thread_locks == 1) {
    internal::unlock_thread(fiber);
  } else {
    --fiber->thread_locks;
  }
}

}  // namespace fiber
