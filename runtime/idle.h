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
//       put the fiber into a queue         enter(): available + 1, spinning - 1
//       fence seq_cst           [F1]       fence seq_cst           [F2]
//       read available, spinning           read all queues, the timers, the stop flag
//
// Either [F1] comes first and the worker sees the fiber, or [F2] comes first and the
// publisher sees a processor to be had and no spinner, and wakes one. A processor is to be
// had when it is idle or when its worker is in a blocking call: begin_call() is an enter()
// that keeps the thread, and looks at the queues behind the same fence. Acquire and release are not
// enough: both sides could read the old value. Five details belong to it:
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
//   - A fiber that goes alone into a next slot may not be published at all (policy.h,
//     tells_of_lonely): its owner takes it, or the monitor publishes it.
// A processor for which no worker is parked waits in a list of its own with its spinner
// already counted, until the monitor has started a thread for it: no publisher starts one,
// for it may stand on a fiber's stack.
//
// Invariants
//   I1  idle_ is the number of processors in the idle set; it changes under the lock.
//       available_ is that and the number of those that blocking calls have left.
//   I2  While timers are armed and a processor is idle, one of the parked workers is the
//       keeper, or a worker that is awake will look at the timers before it sleeps.
//   I3  The keeper is woken for work only when no other worker is parked.
//   I4  There is a keeper only while a processor is idle: it will need one.
//   I5  A worker that runs a fiber without a processor is counted in detached_ from before
//       its processor is given to anybody until it has one again or its fiber is in a
//       queue: fibers that it may wake later are no deadlock.
#ifndef FIBERSAN_RUNTIME_IDLE_H
#define FIBERSAN_RUNTIME_IDLE_H

#include <atomic>
#include <cstdint>

#include "runtime/full_fence.h"
#include "runtime/lock.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Fiber;
class Worker;
struct Processor;

// Once, before take_from(): false when the kernel cannot do it.
bool register_fences();

class IdleSet {
 public:
  void work_published() {
    // seq_cst [F1]: pairs with [F2] in enter() and release().
    full_fence();
    wake_if_needed();
  }
  // The same without the fence: for work that the caller's processor runs itself if nobody
  // comes.
  void wake_if_needed() {
    // Relaxed: ordered by [F1].
    if (available_.load(std::memory_order_relaxed) == 0 ||
        spinning_.load(std::memory_order_relaxed) != 0)
      return;
    wake_one();
  }
  // A deadline has become the earliest of its heap: the keeper may sleep for too long.
  void deadline_changed(Clock::time_point deadline);
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
  // The worker is not parked any more: it has the processor that a waker has given it, or an
  // idle one. False: there is none, it stays parked.
  [[nodiscard]] bool leave(Worker& worker);
  // False: a waker has taken it out, with a processor unless the run stops.
  [[nodiscard]] bool is_parked(const Worker& worker);

  // The worker goes, with a processor or without.
  void unpark(Worker& worker);

  // --- workers that run a fiber without a processor: in a blocking call, or because the
  // monitor has taken it ---

  // A blocking call begins: who needs a processor may take what it `has_lent`. [F2] is
  // behind it.
  void call_begun(bool has_lent);
  // The worker has got its processor back by itself.
  void call_ended() { available_.fetch_sub(1, std::memory_order_relaxed); }
  // The processor that a blocking call has left goes to another worker, for it has work.
  void hand_off(Worker& worker);
  // For the monitor: it goes to the idle set, and a worker is woken when there is work.
  void take_from_call(Worker& worker);
  // For the monitor: the same with the processor of a worker that does not answer, if it
  // still has it and still runs what it ran at `dispatches`. False: not, or it is just
  // being used.
  [[nodiscard]] bool take_from(Processor& processor, Worker& worker, uint32_t dispatches);
  // The worker of a fiber without a processor wants one again. False: there is none.
  [[nodiscard]] bool rejoin(Worker& worker);
  // Its fiber waits in a queue or is gone.
  void end_detached(Worker& worker);
  // The same, and it is parked.
  void park_detached(Worker& worker);
  // The monitor may be about to take a processor and give it back: not while it holds the
  // lock.
  [[nodiscard]] Processor* confirmed_processor(const Worker& worker);
  // The worker has no use for its processor, others may.
  void drop(Worker& worker);
  // Our processor goes with the fiber to the worker that it is locked to.
  void hand_over(Worker& worker, Worker& to, Fiber* fiber);
  // What was handed over; null: nothing yet.
  [[nodiscard]] Fiber* take_handed_over(Worker& worker);

  // Processors 0 to count - 1 are used from now on, all of which exist.
  void set_processors(uint32_t count);
  // The processor goes to another worker; the caller's thread is not to run fibers any more.
  void give_away(Worker& worker);
  // Workers that run a fiber without a processor.
  uint32_t detached() const { return detached_.load(std::memory_order_relaxed); }
  // A processor that is neither idle nor a worker's, to a worker whose thread does not run yet.
  void give(Processor& processor, Worker& worker);

  // For the monitor: the next processor that needs a thread, or null. Its worker
  // begins as `spinning` says: it was counted.
  [[nodiscard]] Processor* take_waiting_for_thread(bool& spinning);

  // True when the worker is the keeper now, until the deadline; only a parked one can be. [F2]
  // is behind it: the caller looks again whether there is an earlier one.
  [[nodiscard]] bool keep_time(Worker& worker, Clock::time_point deadline);
  void stop_keeping(Worker& worker);
  bool has_keeper() const { return keeper_.load(std::memory_order_relaxed) != nullptr; }

  // True when all `processors` are idle, and nothing(argument) holds, which is asked under
  // the lock: nobody can take a processor and work meanwhile.
  [[nodiscard]] bool all_idle(uint32_t processors, bool (*nothing)(const void*),
                              const void* argument);

  uint32_t idle() const { return idle_.load(std::memory_order_relaxed); }
  // Idle, or left by a blocking call.
  uint32_t available() const { return available_.load(std::memory_order_relaxed); }
  uint32_t spinning() const { return spinning_.load(std::memory_order_relaxed); }

  // When no worker runs. FIBERSAN_CHECKs that nothing leaked.
  void reset();

 private:
  void wake_one();
  void retire(Processor& processor) FIBER_REQUIRES(lock_);
  void put(Processor& processor) FIBER_REQUIRES(lock_);
  void detach(Worker& worker) FIBER_REQUIRES(lock_);
  void attach(Worker& worker) FIBER_REQUIRES(lock_);
  Processor* take_lent() FIBER_REQUIRES(lock_);
  Worker* start(Processor& processor, bool spinning) FIBER_REQUIRES(lock_);
  static void run_worker(Worker* worker);
  Processor* take_processor() FIBER_REQUIRES(lock_);
  void assign(Processor& processor, Worker& worker) FIBER_REQUIRES(lock_);
  Processor* unassign(Worker& worker) FIBER_REQUIRES(lock_);
  void park(Worker& worker) FIBER_REQUIRES(lock_);
  void unlink(Worker& worker) FIBER_REQUIRES(lock_);
  Worker* take_parked() FIBER_REQUIRES(lock_);
  void dismiss_keeper() FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kIdle};
  Processor* processors_ FIBER_GUARDED_BY(lock_) = nullptr;
  Processor* waiting_for_thread_ FIBER_GUARDED_BY(lock_) = nullptr;
  Worker* parked_ FIBER_GUARDED_BY(lock_) = nullptr;
  // How many processors beyond their number are still at work.
  uint32_t surplus_ FIBER_GUARDED_BY(lock_) = 0;
  // On one line: a publisher reads both.
  alignas(64) std::atomic<uint32_t> available_{0};
  std::atomic<uint32_t> spinning_{0};
  std::atomic<uint32_t> idle_{0};         // written under lock_
  std::atomic<uint32_t> detached_{0};     // written under lock_
  std::atomic<Worker*> keeper_{nullptr};  // written under lock_
  // Until when the keeper sleeps at most; kNever without one. Written under lock_.
  std::atomic<Clock::time_point> keeper_until_{Clock::time_point::max()};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_IDLE_H
