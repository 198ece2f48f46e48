// thread.h: what the detector knows of the calling thread, at every event.
//
// State:    one ThreadState for each OS thread, thread-local.
// Threads:  its own only.
//
// Invariants
//   T1  __fsan_running.stamp is the stamp of `fiber`, or 0 when `fiber` is null.
//   T2  A ring has one writer: a processor's ring belongs to the thread that has the
//       processor, the main thread's own ring is used outside of fibers.
#ifndef FIBERSAN_DETECTOR_RACE_THREAD_H
#define FIBERSAN_DETECTOR_RACE_THREAD_H

#include <atomic>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/fiber.h"
#include "detector/history/ring.h"

namespace fibersan {

struct ThreadState {
  fsan_fiber* fiber = nullptr;        // runs here; the main thread's record outside of fibers
  fsan_fiber* main_thread = nullptr;  // its record, on the main thread
  Ring* ring = nullptr;
  unsigned processor = 0;
  bool is_worker = false;  // has had a processor
  bool counted_foreign = false;
  bool segment_is_stale = true;  // the ring does not know yet who runs in which epoch
};

extern constinit thread_local ThreadState this_thread __attribute__((tls_model("initial-exec")));

// Two threads may execute instrumented code at the same time: shadow stores need CAS.
extern std::atomic<bool> accesses_are_parallel;

// Puts the running fiber's present stamp where instrumented code reads it.
inline void refresh_stamp() {
  const Stamp stamp = this_thread.fiber == nullptr ? 0 : this_thread.fiber->clock.stamp();
  if (stamp == __fsan_running.stamp) return;
  __fsan_running.stamp = stamp;
  this_thread.segment_is_stale = true;
}

// The record of the main thread begins. `log2_events` is the size of every ring.
void start_main_thread(StackBounds stack, unsigned log2_events);

// In a child of fork() whose parent had other threads: no hook takes a lock any more, nothing is
// checked, for ever.
void stop_checking();
bool checking_has_stopped();

// Counted once for each thread that is neither the main one nor the runtime's.
void count_foreign_thread();
uint64_t foreign_threads();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_THREAD_H
