// LockThread of local.h: a fiber that stays on its thread, as after Go's LockOSThread.
//
// While it is locked the thread runs no other fiber. When the fiber leaves, the thread gives
// its processor away and sleeps; the worker that next picks the fiber hands its own processor
// to that thread and looks for another one (worker.cpp).
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
