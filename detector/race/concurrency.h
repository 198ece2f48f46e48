// concurrency.h: how many threads can make accesses now, and whether there is only one at all.
//
// Input:    threads that are attached and that end; runs of fibers.
// Output:   accesses_are_parallel, main_thread_is_alone.
// Threads:  any; a spin lock. The two flags are read without it.
// Not here: what the threads are, see attached_threads.h.
//
// Invariants
//   N1  accesses_are_parallel is true before a second thread can run, and until only one is left:
//       while it is false plain stores to the shadow are exact.
//   N2  main_thread_is_alone: no run of fibers is on, and no thread but the main one was ever
//       attached. Whoever acts later is created by the main thread, directly or not, and begins
//       with all that it knows. So nothing it does now can race, and what it releases is known to
//       everybody who could acquire it.
#ifndef FIBERSAN_DETECTOR_RACE_CONCURRENCY_H
#define FIBERSAN_DETECTOR_RACE_CONCURRENCY_H

#include <atomic>

#include "detector/clock/spin_lock.h"

namespace fibersan {

extern std::atomic<bool> accesses_are_parallel;
extern std::atomic<bool> main_thread_is_alone;

inline bool acts_alone() {
  // relaxed: only the thread that is alone reads true, and it ends that itself.
  return main_thread_is_alone.load(std::memory_order_relaxed);
}

class Concurrency {
 public:
  void thread_added();  // a fiber that goes on in a blocking call behind its run counts, too
  void thread_gone();

  void run_begins(bool parallel);
  void run_widens();   // a second worker
  void run_narrows();  // only its caller is left
  void run_ends();     // and knows all that the fibers did

 private:
  void update() FIBERSAN_REQUIRES(lock_);

  SpinLock lock_;  // rank 4
  unsigned live_threads_ FIBERSAN_GUARDED_BY(lock_) = 0;
  bool had_threads_ FIBERSAN_GUARDED_BY(lock_) = false;
  bool run_is_on_ FIBERSAN_GUARDED_BY(lock_) = false;
  bool run_is_parallel_ FIBERSAN_GUARDED_BY(lock_) = false;
};

extern Concurrency concurrency;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_CONCURRENCY_H
