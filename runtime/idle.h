// idle.h: which processors are idle, which workers sleep, which look for work, and how no
// work is forgotten.
//
// Input:    work_published() after a fiber was put where others can take it; enter(), leave()
//           from workers without work.
// State:    under one lock: the idle processors, the parked workers, the processors that wait
//           for a thread; beside it the number of idle processors and of spinning workers;
//           the keeper, the one sleeper whose sleep ends at the next timer.
// Cost:     one fence for each fiber made ready, and nothing more while one spins.
// Threads:  any.
// Not here: the search for work itself, see worker.cpp; starting threads, see monitor.h.
//
// A processor is idle when no worker has it; a worker is parked when it has no processor and
// sleeps. They are two sets, as in Go, for a blocking call takes a worker away and leaves its
// processor, and there may be more workers than processors afterwards.
//
// No wake-up is lost. The publisher stores its fiber and then reads the counters; who gives
// a processor up changes the counters and then reads the queues (Dekker):
//
//     publisher                          worker that finds nothing
//       put the fiber into a queue         enter(): idle + 1, spinning - 1
//       fence seq_cst           [F1]       fence seq_cst           [F2]
//       read idle, spinning                read all queues, the timers, the stop flag
//
// Either [F1] comes first and the worker sees the fiber, or [F2] comes first and the
// publisher sees an idle processor and no spinner, and wakes one. Acquire and release are not
// enough: both sides could read the old value. Four details belong to it:
//   - One spinner is enough for many publishers, because whoever finds work and was the
//     last to spin wakes the next (stop_spinning).
//   - wake_one() counts the spinner before it has one. When it finds no idle processor it
//     takes that back under the lock: a worker that enters later is ordered behind it, and
//     its [F2] behind the [F1] of every publisher that relied on the number.
//   - A fiber in a next slot counts as work for the worker that is about to sleep only if
//     the owner does not take it within a few microseconds. If the owner takes it, nothing
//     waits; if it displaces it, that is a push behind our [F2], which wakes us.
//   - A worker that sees work behind [F2] but no idle processor any more goes to sleep:
//     every processor has a worker, and that one does [F2] before it gives it up.
// A processor for which no worker is parked waits in a list of its own with its spinner
// already counted, until the monitor has started a thread for it: no publisher starts one,
// for it may stand on a fiber's stack.
//
// Invariants
//   I1  idle_ is the number of processors in the idle set; it changes under the lock.
//   I2  While timers are armed and a processor is idle, one of the parked workers is the
//       keeper, or a worker that is awake will look at the timers before it sleeps.
//   I3  The keeper is woken for work only when no other worker is parked.
//   I4  There is a keeper only while a processor is idle: it will need one.
#ifndef FIBERSAN_RUNTIME_IDLE_H
#define FIBERSAN_RUNTIME_IDLE_H

#include <atomic>
#include <cstdint>

#include "runtime/lock.h"

namespace fiber::internal {

class Worker;
struct Processor;

class IdleSet {
 public:
  void work_published() {
    // seq_cst [F1]: pairs with [F2] in enter() and release().
    std::atomic_thread_fence(std::memory_order_seq_cst);
    wake_if_needed();
  }
  // The same without the fence: for work that the caller's processor runs itself if nobody
  // comes.
  void wake_if_needed() {
    // Relaxed: ordered by [F1].
    if (idle_.load(std::memory_order_relaxed) == 0 ||
        spinning_.load(std::memory_order_relaxed) != 0)
      return;
    wake_one();
  }
  // The earliest deadline has changed: the keeper sleeps until the wrong time.
  void deadline_changed();
  // Something has changed that the deadlock check or the choice of a keeper depends on.
  void recheck();
  // At the end of the run.
  void wake_all();

  // At most half of the workers that are awake search at once: more would only fight over
  // the same queues.
  bool try_spin(uint32_t processors);
  void spin() { spinning_.fetch_add(1, std::memory_order_relaxed); }
  // True when the caller was the last to spin.
  [[nodiscard]] bool unspin() { return spinning_.fetch_sub(1, std::memory_order_seq_cst) == 1; }

  // The worker gives its processor to the idle set, counts no longer as spinning, and is
  // parked. [F2] is behind it.
  void enter(Worker& worker);
  // The worker is parked; it has no processor to give.
  void enter_without_processor(Worker& worker);
  // The worker is not parked any more: it has the processor that a waker has given it, or an
  // idle one. False: there is none, it stays parked.
  [[nodiscard]] bool leave(Worker& worker);
  // False: a waker has taken it out, with a processor unless the run stops.
  [[nodiscard]] bool is_parked(const Worker& worker);

  // The worker goes, with a processor or without.
  void unpark(Worker& worker);

  // For a worker that has no processor and is not parked. False: none is idle.
  [[nodiscard]] bool acquire(Worker& worker);
  // A processor goes to the idle set; the worker that had it is doing something else. [F2]
  // is behind it: the caller looks for work that it must wake somebody for.
  void release(Processor& processor);
  // A processor that is neither idle nor a worker's, to a worker whose thread does not run yet.
  void give(Processor& processor, Worker& worker);

  // For the monitor: the next processor that needs a thread, or null. Its worker begins as a
  // spinning one.
  [[nodiscard]] Processor* take_waiting_for_thread();

  // True when the worker is the keeper now; only a parked one can be.
  [[nodiscard]] bool keep_time(Worker& worker);
  bool has_keeper() const { return keeper_.load(std::memory_order_relaxed) != nullptr; }

  // True when all `processors` are idle, and nothing(argument) holds, which is asked under
  // the lock: nobody can take a processor and work meanwhile.
  [[nodiscard]] bool all_idle(uint32_t processors, bool (*nothing)(const void*),
                              const void* argument);

  uint32_t idle() const { return idle_.load(std::memory_order_relaxed); }
  uint32_t spinning() const { return spinning_.load(std::memory_order_relaxed); }

  // When no worker runs. FIBERSAN_CHECKs that nothing leaked.
  void reset();

 private:
  void wake_one();
  void put(Processor& processor) FIBER_REQUIRES(lock_);
  Processor* take_processor() FIBER_REQUIRES(lock_);
  void assign(Processor& processor, Worker& worker) FIBER_REQUIRES(lock_);
  void park(Worker& worker) FIBER_REQUIRES(lock_);
  void unlink(Worker& worker) FIBER_REQUIRES(lock_);
  Worker* take_parked() FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kIdle};
  Processor* processors_ FIBER_GUARDED_BY(lock_) = nullptr;
  Processor* waiting_for_thread_ FIBER_GUARDED_BY(lock_) = nullptr;
  Worker* parked_ FIBER_GUARDED_BY(lock_) = nullptr;
  std::atomic<uint32_t> idle_{0};
  std::atomic<uint32_t> spinning_{0};
  std::atomic<Worker*> keeper_{nullptr};  // written under lock_
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_IDLE_H
