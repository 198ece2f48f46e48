// object_hooks.h: what all synchronisation objects tell the detector alike.
#ifndef FIBERSAN_RUNTIME_SYNC_OBJECT_HOOKS_H
#define FIBERSAN_RUNTIME_SYNC_OBJECT_HOOKS_H

#include <cstddef>

#include "detector/abi/hooks.h"
#include "runtime/fiber.h"
#include "runtime/park.h"

namespace fiber::internal {

// From destructors: `in_use` when somebody holds the object or waits on it. Outside of
// fibers that somebody was stopped with its run and never comes back: no mistake.
inline void object_destroyed(const void* object, size_t size, bool in_use) {
  if (in_use && current_fiber() != nullptr) __fsan_misuse(FSAN_FINDING_DESTROYED_IN_USE, object);
  __fsan_object_destroyed(object, size);
}

// An unlock without the lock; the unlock that begins a wait on a condition is that one's mistake.
inline void unlocked_without_lock(fsan_finding_kind kind, const void* lock) {
  const Fiber* fiber = current_fiber();
  if (fiber != nullptr && fiber->condition != nullptr) {
    __fsan_misuse(FSAN_FINDING_CONDITION_WITHOUT_LOCK, fiber->condition);
  } else {
    __fsan_misuse(kind, lock);
  }
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SYNC_OBJECT_HOOKS_H
