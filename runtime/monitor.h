// monitor.h: the thread that looks after the workers (Go's sysmon).
//
// Input:    wake() when something needs it at once; what each processor began to run last.
// Output:   threads for processors that wait for one; requests of preemption; processors
//           taken from blocking calls and from threads that do not answer; a worker for
//           timers that nobody looks at and for fibers that stay in a next slot.
// State:    one thread while a run is on; it has no processor and runs no fiber.
// Cost:     a look at each processor, each 20 us while there are blocking calls, backing off
//           to half of preempt_ms; each 250 us while fibers go into next slots untold
//           (policy.h); asleep when every processor has been idle for a while.
// Threads:  wake() from any; start() and stop() from the run's thread.
//
// A thread that does not answer: it has run one fiber for twice preempt_ms in spite of the
// request (code without polls, an unannounced system call) while other fibers wait. If the
// kernel shows it asleep, or it really computed for so long (a loaded machine may just not
// have run it), its processor is taken and given to another thread (idle.h, take_from). The
// fiber goes on computing without one: what it enqueues goes to the global queue
// (processor_use.h), and at its next poll, park or end it needs a processor again. At most
// kMostTaken computing threads are left so at a time: they share the CPUs with the others.
//
// Invariants
//   I1  Only the monitor starts threads while workers work: never on a fiber's stack, never
//       under a lock.
//   I2  While a processor is not idle the monitor wakes up every half preempt_ms at the latest.
#ifndef FIBERSAN_RUNTIME_MONITOR_H
#define FIBERSAN_RUNTIME_MONITOR_H

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/parker.h"
#include "runtime/slow_fibers.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Fiber;
class Worker;
struct Processor;

class Monitor {
 public:
  // Throws std::system_error when the system gives no thread. `time_slice`: after which a
  // fiber is preempted; 0: never.
  void start(Clock::duration time_slice);
  // After all workers have ended. Also when it was not started.
  void stop();

  // While a run is on, from any thread: it would take a processor from one more fiber that
  // computes without a poll.
  bool may_take_from_computing() const;

  // Held by the monitor while it looks; who holds it keeps the monitor from moving.
  std::mutex& looks() { return looks_; }
  // The system's id of its thread; 0: there is none. Waits for one that is just being started.
  int thread_id() const;

  void wake() { parker_.unpark(); }
  // By who takes a processor out of the idle set, behind a seq_cst operation [F1].
  // By who has put a fiber into a next slot and told nobody.
  void watch_slots() {
    // Relaxed: the next one tries again.
    if (watches_slots_.load(std::memory_order_relaxed)) [[likely]]
      return;
    watches_slots_.store(true, std::memory_order_relaxed);
    wake();
  }
  void wake_if_asleep() {
    if (asleep_.load(std::memory_order_relaxed)) [[unlikely]]
      wake();
  }

 private:
  // What was seen of a processor at one look.
  struct Seen {
    Worker* worker = nullptr;
    uint32_t dispatches = 0;
    uint32_t calls = 0;
    bool has_lent = false;
    Clock::time_point since;      // when this was first seen
    int64_t computed_before = 0;  // ns of CPU time of the thread then
  };
  struct SlotSeen {
    const Fiber* next = nullptr;
    uint32_t picks = 0;
    uint32_t untold = 0;
  };

  SlowFibers slow_fibers_;
  static constexpr int kStarting = -1;

  void watch();
  Clock::time_point look();
  void start_threads();
  void look_at_processors(Clock::time_point now);
  void look_at(Processor& processor, Seen& seen, Clock::time_point now);
  void look_at_slots();
  void look_at_timers(Clock::time_point now);
  // When the next look is due at the latest.
  Clock::time_point look_at_stacks(Clock::time_point now);
  void take_if_it_does_not_answer(Processor& processor, const Seen& seen);
  void follow_machine(Clock::time_point now);
  void sleep(Clock::time_point now, Clock::time_point latest);

  Parker parker_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> watches_slots_{false};
  std::atomic<bool> stop_{false};
  std::optional<std::thread> thread_;
  std::mutex looks_;
  std::atomic<int> thread_id_{0};  // kStarting until it says

  // Its thread's own.
  Clock::duration time_slice_{};
  Clock::time_point stack_look_;
  Clock::duration pause_{};
  Clock::time_point idle_since_{};
  Clock::time_point followed_{};
  bool can_take_ = false;
  bool calls_on_ = false;
  std::vector<Seen> seen_;
  std::vector<SlotSeen> slots_seen_;
};

extern Monitor monitor;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_MONITOR_H
