// worker.h: an OS thread that runs fibers (Go's M), and its loop.
//
// Input:    a processor, for now for a whole run: blocking calls will pass it on.
// State:    the processor, the fiber that runs, whether it is looking for work.
// Threads:  its own thread; what idle.h guards, under that lock.
// Not here: what is chosen, see policy.h; the set of sleeping workers, see idle.h.
//
// Invariants
//   I1  Never freed: a waker may hold a worker that has stopped meanwhile.
//   I2  A worker sleeps only after it has seen, as a member of the idle set and behind the
//       fence [F2] of idle.h, that all queues are empty.
#ifndef FIBERSAN_RUNTIME_WORKER_H
#define FIBERSAN_RUNTIME_WORKER_H

#include "runtime/fiber.h"
#include "runtime/parker.h"
#include "runtime/processor.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Worker {
 public:
  // Runs fibers on the calling thread until the run stops.
  void work(Processor* processor);

  Processor* processor() const { return processor_; }
  Fiber* current() const { return current_; }

 private:
  friend class IdleWorkers;

  Fiber* find_fiber();
  Fiber* pick_local(Source first);
  Fiber* pick_global();
  Fiber* steal();
  Fiber* steal_from(Processor& victim);
  Fiber* search();
  void fire_due_timers();
  void stop_spinning();
  bool work_waits();
  void sleep();
  void watch_for_deadlock(Clock::time_point& deadline);

  void execute(Fiber* fiber);
  void after_leaving(Fiber* fiber);

  Processor* processor_ = nullptr;
  Fiber* current_ = nullptr;
  SwitchNotes notes_;
  // The thread's own, looked up once.
  ExceptionGlobals* exceptions_ = nullptr;
  int* errno_ = nullptr;
  bool spinning_ = false;

  // Guarded by the lock of the idle set.
  Worker* idle_next_ = nullptr;
  bool idle_ = false;

  Parker parker_;
  uint32_t foreign_checks_ = 0;
};

// Null on threads that are no workers. Never inlined, never remembered across a switch: the
// compiler would keep the address of one thread's variable while the fiber moves to another.
Worker* current_worker();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORKER_H
