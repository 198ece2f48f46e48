// thread.h: what the detector knows of the calling thread, at every event.
//
// State:    one ThreadState for each OS thread, thread-local.
// Threads:  its own only.
// Not here: how threads come and go, see attached_threads.h.
//
// Invariants
//   T1  __fsan_running.stamp is the stamp of `fiber`, or 0 when `fiber` is null.
//   T2  A ring has one writer: a worker's ring belongs to the thread that has the number, a
//       thread's own ring is used outside of fibers.
#ifndef FIBERSAN_DETECTOR_RACE_THREAD_H
#define FIBERSAN_DETECTOR_RACE_THREAD_H

#include <atomic>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/clock/signal_delay.h"
#include "detector/fiber.h"
#include "detector/history/ring.h"
#include "detector/race/concurrency.h"

namespace fibersan {

enum class ThreadKind : uint8_t {
  kUnseen,   // no event yet, and nobody told how it came to be
  kKnown,    // has a record of its own: the main thread, an attached one
  kRuntime,  // the runtime's or the detector's: outside of fibers nothing is checked
  kEnded     // its record has gone; what its last breath does is not checked
};

struct ThreadState {
  fsan_fiber* fiber = nullptr;  // runs here; the thread's own record outside of fibers
  fsan_fiber* own = nullptr;    // the thread's own record, when it is kKnown
  Ring* ring = nullptr;
  Ring* own_ring = nullptr;
  unsigned processor = 0;
  unsigned own_work_depth = 0;  // the runtime uses system locks and threads for itself
  ThreadKind kind = ThreadKind::kUnseen;
  bool segment_is_stale = true;  // the ring does not know yet who runs in which epoch
};

extern constinit thread_local ThreadState this_thread __attribute__((tls_model("initial-exec")));

// Puts the running fiber's present stamp where instrumented code reads it.
inline void refresh_stamp() {
  const Stamp stamp = this_thread.fiber == nullptr ? 0 : this_thread.fiber->clock.stamp();
  if (stamp == __fsan_running.stamp) return;
  __fsan_running.stamp = stamp;
  this_thread.segment_is_stale = true;
}

// The calling thread goes on in the name of the fiber. Where checking has not stopped.
inline void go_on_as(fsan_fiber* fiber) {
  this_thread.fiber = fiber;
  __fsan_running.context = fiber->context;
  refresh_stamp();
}
inline void go_on_as_nobody() {
  if (__fsan_running.stamp != 0) {
    __fsan_running.stamp = 0;
    this_thread.segment_is_stale = true;
  }
  FIBERSAN_SIGNAL_FENCE();  // T1 holds in a handler, too
  this_thread.fiber = nullptr;
  __fsan_running.context = 0;
}
// Either of them, or nobody when checking has stopped.
void run_on_this_thread(fsan_fiber* fiber);

// A thread that nobody told of gets its record; null when it is none of those.
fsan_fiber* attach_unseen_thread();

// In whose name the calling thread acts: the running fiber, or the thread. Null: the
// scheduler works here, nothing is checked.
inline fsan_fiber* acting_fiber() {
  fsan_fiber* fiber = this_thread.fiber;
  return __builtin_expect(fiber == nullptr, 0) ? attach_unseen_thread() : fiber;
}

// The record of the main thread begins.
void start_main_thread(StackBounds stack);

// In a child of fork() whose parent had other threads: no hook takes a lock any more, nothing is
// checked, for ever.
void stop_checking();
bool checking_has_stopped();
// Something came afterwards that would have been checked.
void note_unchecked();
bool something_was_unchecked();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_THREAD_H
