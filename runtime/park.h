// park.h: how a fiber waits and how it is woken: the ground that channels, locks,
// joins and sleeping stand on.
//
// Input:    park() from a fiber, ready() from any thread.
// Cost:     two stack switches and one compare-exchange for each side.
// Threads:  current_fiber() and park() on a fiber; everything else anywhere.
// Not here: the state word (fiber_state.h), the run queues (scheduler.h).
//
// Invariants
//   I1  Each park() gets exactly one ready(). It may come from the moment after_save has
//       made the fiber findable, also from inside after_save itself.
//   I2  The fiber does not continue before after_save has returned, even when ready()
//       came: after_save may use the fiber's stack to its end.
//   I3  What the caller of ready() did before is visible to the fiber after park()
//       (for the machine; the detector learns edges from the hooks alone).
//   I4  A fiber may continue on another thread: after park() nothing that was read from
//       thread-local storage before is valid, current_fiber() excepted.
#ifndef FIBERSAN_RUNTIME_PARK_H
#define FIBERSAN_RUNTIME_PARK_H

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"

namespace fiber::internal {

class Fiber;

// Null on a thread that runs no fiber (also inside after_save and timer callbacks).
Fiber* current_fiber();

// 1 is the main fiber of a run; ids count up in order of creation.
uint64_t fiber_id(const Fiber* fiber);

// One word of each fiber for whoever makes it wait: the waker may leave its result
// here before ready(). Starts as 0 and is left alone by the scheduler.
std::atomic<uintptr_t>& wait_word(Fiber* fiber);

struct Wait {
  fsan_wait_reason reason;
  const void* const* objects;  // what the fiber waits for; used until park() returns
  size_t count;
  bool timed;               // the wait ends by itself
  uint64_t blocked_by = 0;  // the fiber that has to go on first; 0: unknown, or several
};

// Reports the wait to the detector, saves the fiber and runs after_save(argument) on
// another stack (typically: unlock). Returns after ready(). after_save may be
// null and must not throw.
void park(const Wait& wait, void (*after_save)(void*), void* argument);

// Makes a parked fiber runnable. A fiber that an ended run has stopped stays where it
// is. Takes locks of rank kIdle and below.
void ready(Fiber* fiber);

// Do other fibers wait for the processor that the caller runs on? False outside of fibers.
bool others_wait_here();

// Never 0; another one once the fibers of a run have been stopped.
uint64_t run_number();

// While one of these exists, fibers that all sleep are no deadlock: somebody outside of
// the runtime may still wake them.
class ForeignWaker {
 public:
  ForeignWaker();
  ~ForeignWaker();
  ForeignWaker(const ForeignWaker&) = delete;
  ForeignWaker& operator=(const ForeignWaker&) = delete;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PARK_H
