// thread_start.h: what pthread_create() and thrd_create() share: from the creator to the thread,
// from its end to who joins it.
//
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_THREADS_THREAD_START_H
#define FIBERSAN_DETECTOR_THREADS_THREAD_START_H

#include <pthread.h>

#include "detector/race/access.h"
#include "detector/race/attached_threads.h"

namespace fibersan {

// What the new thread is to do; from a slab, freed by begin_thread() or drop_start().
struct ThreadStart {
  AttachedThread* record;  // null: a thread of the runtime's or the detector's
  void (*function)();      // of the type that the creating function says
  void* argument;
};

ThreadStart* make_start(const Caller& caller, bool detached, void (*function)(), void* argument);
// The system gave no thread.
void drop_start(ThreadStart* start);
// First on the new thread.
ThreadStart begin_thread(void* start);

// Around the system's join of one thread, which may also be cancelled.
class Joining {
 public:
  Joining(pthread_t handle, const Caller& caller);
  ~Joining();
  Joining(const Joining&) = delete;
  Joining& operator=(const Joining&) = delete;

  // Returns `result`.
  int finish(bool done, int result);

 private:
  AttachedThread* record_;
  const Caller caller_;
  bool done_ = false;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_THREADS_THREAD_START_H
