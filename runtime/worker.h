// worker.h: an OS thread that runs fibers (Go's M), and its loop.
//
// Input:    a processor to begin with; later the one that a waker gives it.
// State:    the processor, the fiber that runs, whether it is looking for work.
// Threads:  its own thread; what idle.h guards, under that lock.
// Not here: what is chosen, see policy.h; the set of sleeping workers, see idle.h; who starts
//           and ends the threads, see worker_threads.h.
//
// Invariants
//   I1  Never freed: a waker may hold a worker that has stopped meanwhile.
//   I2  A worker sleeps only after it has seen, behind the fence [F2] of idle.h, that all
//       queues are empty, or that no processor is left for it.
//   I3  It touches queues and caches of a processor only while processor() is that one.
#ifndef FIBERSAN_RUNTIME_WORKER_H
#define FIBERSAN_RUNTIME_WORKER_H

#include <atomic>

#include "runtime/fiber.h"
#include "runtime/net/poller.h"
#include "runtime/parker.h"
#include "runtime/processor.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Worker {
 public:
  explicit Worker(uint32_t index) : index_(index) {}

  // Runs fibers on the calling thread until the run stops. The worker has its processor.
  void work();

  // Null while it has none.
  Processor* processor() const { return processor_; }
  Fiber* current() const { return current_; }
  // For statistics, from any thread; stale at once.
  bool running_fiber() const { return __atomic_load_n(&current_, __ATOMIC_RELAXED) != nullptr; }
  // Small numbers, used again: the worker's identity for the detector.
  uint32_t index() const { return index_; }
  // The system's id of its thread; 0: it has none now.
  int thread_id() const { return thread_id_.load(std::memory_order_relaxed); }
  // From any thread: its sleep ends, now or the next time.
  void unpark();

 private:
  friend class IdleSet;
  friend class WorkerThreads;

  // The loop in one function: returns between two switches are mispredicted, 10 ns a yield.
  [[gnu::always_inline]] Fiber* find_fiber();
  [[gnu::always_inline]] Fiber* pick_local(Source first);
  Fiber* pick_global();
  Fiber* steal();
  Fiber* steal_from(Processor& victim);
  void robbed(uint32_t fibers);
  Fiber* search();
  void fire_due_timers();
  void stop_spinning();
  // worker_net.cpp
  bool poll_network();
  void sleep_in_poll(Clock::time_point deadline);
  void enqueue_edges(Poller::Ready& edges);
  bool work_waits();
  void give_up_processor();
  void wait_for_processor();
  void sleep_until(Clock::time_point deadline);
  void watch_for_deadlock(Clock::time_point& deadline);

  [[gnu::always_inline]] void execute(Fiber* fiber);
  [[gnu::always_inline]] void after_leaving(Fiber* fiber);

  std::atomic<int> thread_id_{0};
  Processor* processor_ = nullptr;
  Fiber* current_ = nullptr;
  SwitchNotes notes_;
  // The thread's own, looked up once.
  ExceptionGlobals* exceptions_ = nullptr;
  int* errno_ = nullptr;
  uint8_t* preempt_request_ = nullptr;
  bool spinning_ = false;
  const uint32_t index_;

  // Guarded by the lock of the idle set.
  Worker* parked_next_ = nullptr;
  bool parked_ = false;

  Parker parker_;
  std::atomic<bool> polling_{false};  // sleeps in Poller::poll(), not in the parker
  uint32_t foreign_checks_ = 0;
};

// Null on threads that are no workers. Never inlined, never remembered across a switch: the
// compiler would keep the address of one thread's variable while the fiber moves to another.
Worker* current_worker();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORKER_H
