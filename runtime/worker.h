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
//   I4  A fiber that has left is seen off on the stack that the switch has led to, before the
//       next one runs: until then nobody else may run it, and current() is null meanwhile.
#ifndef FIBERSAN_RUNTIME_WORKER_H
#define FIBERSAN_RUNTIME_WORKER_H

#include <atomic>

#include "runtime/fiber.h"
#include "runtime/lock.h"
#include "runtime/net/poller.h"
#include "runtime/parker.h"
#include "runtime/processor.h"
#include "runtime/timers.h"

namespace fiber::internal {

class TraceBuffer;

class Worker {
 public:
  explicit Worker(uint32_t index) : index_(index) {}

  // Runs fibers on the calling thread until the run stops. The worker has its processor.
  void work();

  // Null while it has none. Relaxed: the monitor changes it, see processor_use.h.
  Processor* processor() const { return shared_processor_.load(std::memory_order_relaxed); }
  // For ProcessorUse: null also during a blocking call.
  Processor* usable_processor() const {
    return call_.load(std::memory_order_relaxed) == Call::kNone ? processor() : nullptr;
  }
  Fiber* current() const { return current_.load(std::memory_order_relaxed); }
  // Small numbers, used again: the worker's identity for the detector.
  uint32_t index() const { return index_; }
  // The thread that called run().
  bool is_callers() const { return index_ == 0; }

  // Away from the fiber's stack, which acts on leave: to the next fiber, or to the loop. Both
  // on a fiber's stack, see switch.h; arrive() on the one where the switch has led.
  [[gnu::always_inline]] Arrival depart(Fiber* fiber, bool last);
  void arrive(Fiber* fiber, Context from);

  // See processor_use.h. They nest.
  void begin_use() {
    uses_.store(uses_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  void end_use() {
    // release [R2]: what we did with the processor. Pairs with [A2] in take_from().
    uses_.store(uses_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
  }

  // A fiber that leaves holds locks that know its thread, or did when it left before.
  void keep_thread(Fiber* fiber, bool last);
  // From now on it runs only this fiber, or any when null; on its own thread.
  void lock_to(Fiber* fiber) { locked_fiber_ = fiber; }

  // Around a blocking call, on the fiber's stack; see blocking.cpp.
  enum class AfterCall : uint8_t { kHasProcessor, kNeedsProcessor, kRunHasEnded };
  [[nodiscard]] bool begin_call();
  [[nodiscard]] AfterCall end_call(bool wants_processor);
  // At the end of the run: true when the thread is in a blocking call; it will end alone.
  [[nodiscard]] bool abandon();

  // For the monitor. How many blocking calls it has begun; whether it is in one whose
  // processor nobody has taken yet.
  uint32_t calls() const { return calls_.load(std::memory_order_relaxed); }
  bool in_call() const { return call_.load(std::memory_order_relaxed) != Call::kNone; }
  bool has_lent() const { return call_.load(std::memory_order_relaxed) == Call::kLent; }
  // Asks the fiber to yield at its next poll.
  void request_preemption();
  // The system's id of its thread; 0: it has none now.
  int thread_id() const { return thread_id_.load(std::memory_order_relaxed); }
  // For the standing world. Where its thread's own stack is in use while a fiber runs; whether
  // the thread waits for something to do, with nothing in its hands.
  const void* own_stack() const { return own_stack_; }
  bool sleeps() const;
  // For statistics, from any thread; stale at once.
  bool running_fiber() const { return current() != nullptr && !in_call(); }
  std::atomic<TraceBuffer*> trace_buffer{nullptr};  // of its thread, while tracing

  // From any thread: its sleep ends, now or the next time.
  void unpark();

 private:
  friend class IdleSet;
  friend class WorkerThreads;

  // A blocking call, and whose the processor is that the worker had.
  enum class Call : uint8_t {
    kNone,
    kLent,       // the worker's, and anybody's who needs one
    kTaken,      // somebody else's
    kAbandoned,  // the run has ended
  };

  // The loop in one function: returns between two switches are mispredicted, 10 ns a yield.
  [[gnu::always_inline]] Fiber* find_fiber();
  [[gnu::always_inline]] Fiber* pick_local(Source first);
  Fiber* pick_global();
  Fiber* steal();
  Fiber* steal_from(Processor& victim);
  void robbed(uint32_t fibers);
  Fiber* search();
  bool timers_want_a_look();
  void fire_due_timers();
  bool keep_time(Clock::time_point& until);
  void stop_spinning();
  // worker_net.cpp
  bool poll_network();
  void sleep_in_poll(Clock::time_point deadline);
  void enqueue_edges(Poller::Ready& edges);
  bool work_waits();
  void give_up_processor();
  void get_processor_back();
  bool hand_over(Fiber* fiber);
  bool refuses(Fiber* fiber);
  Fiber* wait_for_locked_fiber();
  __attribute__((noinline)) void adopt_thread();
  void leave_thread();
  void wait_for_processor();
  void sleep_until(Clock::time_point deadline);
  void watch_for_deadlock(Clock::time_point& deadline);

  // Under the lock of the idle set: what a blocking call has left, or null.
  [[nodiscard]] Processor* take_lent();

  [[gnu::always_inline]] void execute(Fiber* fiber);
  [[gnu::always_inline]] void see_off(Fiber* left, Context context);
  Fiber* next_at_hand(const Fiber& leaving);
  [[gnu::always_inline]] void after_leaving(Fiber* fiber);

  // The loop's own view: what the worker has while it runs no fiber.
  Processor* processor_ = nullptr;
  // The same while a fiber runs, unless it was taken. Changes under the lock of the idle set.
  std::atomic<Processor*> shared_processor_{nullptr};
  std::atomic<uint32_t> uses_{1};
  std::atomic<Fiber*> current_{nullptr};  // written by its thread, relaxed
  Fiber* departed_ = nullptr;             // between depart() and see_off()
  Context loop_ = nullptr;                // our own stack, while a fiber runs
  const void* own_stack_ = nullptr;       // below all frames on it that a switch leaves behind
  Fiber* at_hand_ = nullptr;              // found by next_at_hand(), and locked to another thread
  SwitchNotes notes_;
  // The thread's own, looked up once.
  ExceptionGlobals* exceptions_ = nullptr;
  int* errno_ = nullptr;
  uint8_t* preempt_request_ = nullptr;
  uint32_t* thread_locks_ = nullptr;
  uint32_t callers_locks_ = 0;  // which its thread held before
  std::atomic<int> thread_id_{0};
  bool spinning_ = false;
  Fiber* locked_fiber_ = nullptr;  // all it runs
  bool retired_ = false;           // the caller's thread, after its first blocking call
  bool leaving_ = false;           // its fiber was abandoned: the thread ends
  const uint32_t index_;

  SpinLock request_lock_{LockRank::kPreemption};
  uint8_t* shared_request_ FIBER_GUARDED_BY(request_lock_) = nullptr;  // while its thread lives
  std::atomic<bool> in_use_{false};                                    // a thread has its number
  std::atomic<Call> call_{Call::kNone};
  std::atomic<uint32_t> calls_{0};

  // Guarded by the lock of the idle set.
  Worker* parked_next_ = nullptr;
  bool parked_ = false;
  Fiber* handed_over_ = nullptr;  // its locked fiber may run, with this processor
  Processor* handed_processor_ = nullptr;
  bool detached_ = false;  // runs a fiber, and its processor was taken

  Parker parker_;
  std::atomic<bool> polling_{false};  // sleeps in Poller::poll(), not in the parker
  uint32_t foreign_checks_ = 0;
};

// Null on threads that are no workers. Never inlined, never remembered across a switch: the
// compiler would keep the address of one thread's variable while the fiber moves to another.
Worker* current_worker();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORKER_H
