// hooks.h: the hooks of hot paths, left out where no detector listens.
//
// Cost:     a load and a branch in a plain build; the empty functions of no_detector took a
//           quarter of a buffered channel's operation.
// Not here: hooks of cold paths, which are called directly.
#ifndef FIBERSAN_RUNTIME_HOOKS_H
#define FIBERSAN_RUNTIME_HOOKS_H

#include "detector/abi/hooks.h"

namespace fiber::internal::hooks {

inline bool listening() { return __builtin_expect(__fsan_listening, 0) != 0; }

inline void acquire(const void* sync) {
  if (listening()) __fsan_acquire(sync);
}
inline void release(const void* sync) {
  if (listening()) __fsan_release(sync);
}
inline void merge(const void* sync) {
  if (listening()) __fsan_merge(sync);
}
inline void object_read(const void* object, size_t size = 1) {
  if (listening()) __fsan_object_read(object, size);
}
inline void object_awaited(const void* object, size_t size) {
  if (listening()) __fsan_object_awaited(object, size);
}
inline void lock_acquired(const void* lock, fsan_lock_mode mode) {
  if (!listening()) return;
  __fsan_lock_acquired(lock, mode);
  asm volatile("");  // no tail call: the stack names the operation
}
inline void lock_released(const void* lock, fsan_lock_mode mode) {
  if (listening()) __fsan_lock_released(lock, mode);
}

inline uint64_t place_of_creation() { return listening() ? __fsan_place_of_creation() : 0; }

// While one exists, system threads and locks are the runtime's own business. Declared before
// the lock it is about.
class OwnWork {
 public:
  OwnWork() {
    if (listening()) __fsan_own_work_begins();
  }
  ~OwnWork() {
    if (listening()) __fsan_own_work_ends();
  }
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;
};

}  // namespace fiber::internal::hooks

#endif  // FIBERSAN_RUNTIME_HOOKS_H
