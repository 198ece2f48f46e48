// preempt.h: a fiber that runs for long lets others run, at polls in the user's code.
//
// Input:    a request, set by the monitor in the thread's __fiber_preempt_requested; polls,
//           which the pass puts into loops and functions (detector/abi/hooks.h).
// Output:   the fiber yields: it goes behind everybody, to the global queue.
// Cost:     a poll is a load and a branch; a lock of the runtime counts itself (two
//           instructions) so that a poll under it can tell.
// Threads:  the request is read by its thread and written by any.
//
// Invariants
//   I1  A poll does nothing, and the request stays, where a switch is impossible: on a thread
//       that runs no fiber, under a lock of the runtime (user code runs there: values move
//       under a channel's lock), in a signal handler.
//   I2  The same while the fiber holds a lock that knows its thread: others that want the lock
//       would each keep a thread waiting. The monitor takes the processor instead, as long as it
//       may; otherwise the fiber waits its turn and keeps its thread (lock_thread.cpp).
#ifndef FIBERSAN_RUNTIME_PREEMPT_H
#define FIBERSAN_RUNTIME_PREEMPT_H

#include <cstdint>

#include "detector/abi/hooks.h"

namespace fiber::internal {

// How many locks of the runtime the calling thread holds. Read and written in one
// instruction that names %fs: a fiber that has changed threads since must not meet an
// address the compiler has kept.
extern thread_local uint32_t locks_held_by_thread asm("__fiber_locks_held")
    __attribute__((tls_model("initial-exec")));

#if defined(__x86_64__)
inline void count_lock() {
  uint64_t offset;
  asm volatile(
      "movq __fiber_locks_held@gottpoff(%%rip), %0\n\t"
      "addl $1, %%fs:(%0)"
      : "=&r"(offset)
      :
      : "cc", "memory");
}
inline void uncount_lock() {
  uint64_t offset;
  asm volatile(
      "movq __fiber_locks_held@gottpoff(%%rip), %0\n\t"
      "subl $1, %%fs:(%0)"
      : "=&r"(offset)
      :
      : "cc", "memory");
}
#else
void count_lock();
void uncount_lock();
#endif

// Not inlined, for the same reason.
uint32_t locks_held();
// The calling thread's request, and how many locks it holds that know it (detector/abi/hooks.h);
// their addresses stay valid while the thread lives.
uint8_t* preempt_request();
uint32_t* thread_locks();
// What a poll does that finds a request; `frame` is on the stack of the code that polls.
void preempt(const void* frame);
// A poll in the runtime, on a fiber that holds no lock: in library code there may be no other.
inline void poll_for_preemption() {
  if (__atomic_load_n(preempt_request(), __ATOMIC_RELAXED) != 0) [[unlikely]]
    preempt(__builtin_frame_address(0));
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PREEMPT_H
