// idle.h: which workers sleep, which look for work, and how none is forgotten.
//
// Input:    work_published() after a fiber was put where others can take it, enter() and
//           leave() from workers without work.
// State:    the sleeping workers (under a lock), their number, the number of spinning ones;
//           the keeper, the one sleeper whose sleep ends at the next timer.
// Cost:     one fence for each fiber made ready, and nothing more while one spins.
// Threads:  any.
// Not here: the search for work itself, see worker.cpp.
//
// No wake-up is lost. The publisher stores its fiber and then reads the counters; a worker
// changes the counters and then reads the queues (Dekker):
//
//     publisher                          worker that finds nothing
//       put the fiber into a queue         enter(): sleeping + 1, spinning - 1
//       fence seq_cst           [F1]       fence seq_cst           [F2]
//       read sleeping, spinning            read all queues, the timers, the stop flag
//
// Either [F1] comes first and the worker sees the fiber, or [F2] comes first and the
// publisher sees a sleeper and no spinner, and wakes one. Acquire and release are not
// enough: both sides could read the old value. Three details belong to it:
//   - One spinner is enough for many publishers, because whoever finds work and was the
//     last to spin wakes the next (stop_spinning).
//   - wake_one() counts the spinner before it has one. When it finds no sleeper it takes
//     that back under the lock: a worker that enters later is ordered behind it, and its
//     [F2] behind the [F1] of every publisher that relied on the number.
//   - A fiber in a next slot counts as work for the worker that is about to sleep only if
//     the owner does not take it within a few microseconds. If the owner takes it, nothing
//     waits; if it displaces it, that is a push behind our [F2], which wakes us.
//
// Invariants
//   I1  sleeping_ is the number of workers in the set; it changes under the lock.
//   I2  While timers are armed and a worker sleeps, one of the sleepers is the keeper, or a
//       worker that is awake will look at the timers before it sleeps.
//   I3  The keeper is woken for work only when no other worker sleeps.
#ifndef FIBERSAN_RUNTIME_IDLE_H
#define FIBERSAN_RUNTIME_IDLE_H

#include <atomic>
#include <cstdint>

#include "runtime/lock.h"

namespace fiber::internal {

class Worker;

class IdleWorkers {
 public:
  void work_published() {
    // seq_cst [F1]: pairs with [F2] in enter().
    std::atomic_thread_fence(std::memory_order_seq_cst);
    wake_if_needed();
  }
  // The same without the fence: for work that the caller's processor runs itself if nobody
  // comes.
  void wake_if_needed() {
    // Relaxed: ordered by [F1].
    if (sleeping_.load(std::memory_order_relaxed) == 0 ||
        spinning_.load(std::memory_order_relaxed) != 0)
      return;
    wake_one();
  }
  // The earliest deadline has changed: the keeper sleeps until the wrong time.
  void deadline_changed();
  // Something that the deadlock check depends on has changed.
  void recheck();
  void wake_all();

  // At most half of the workers that are awake search at once: more would only fight over
  // the same queues.
  bool try_spin(uint32_t processors);
  void spin() { spinning_.fetch_add(1, std::memory_order_relaxed); }
  // True when the caller was the last to spin.
  [[nodiscard]] bool unspin() { return spinning_.fetch_sub(1, std::memory_order_seq_cst) == 1; }

  // The worker is in the set, and counts no longer as spinning. [F2] is behind it.
  void enter(Worker& worker);
  // False: a waker has taken it out, made it spin, and unparks it.
  [[nodiscard]] bool leave(Worker& worker);
  [[nodiscard]] bool contains(const Worker& worker);
  // True when the worker is the keeper now; only a member of the set can be.
  [[nodiscard]] bool keep_time(Worker& worker);
  bool has_keeper() const { return keeper_.load(std::memory_order_relaxed) != nullptr; }

  // True when all `processors` workers sleep and nothing(argument) holds, which is asked
  // under the lock: nobody can leave the set and take work meanwhile.
  [[nodiscard]] bool all_asleep(uint32_t processors, bool (*nothing)(const void*),
                                const void* argument);

  uint32_t sleeping() const { return sleeping_.load(std::memory_order_relaxed); }
  uint32_t spinning() const { return spinning_.load(std::memory_order_relaxed); }

 private:
  void wake_one();
  void remove(Worker& worker) FIBER_REQUIRES(lock_);
  Worker* take_sleeper() FIBER_REQUIRES(lock_);

  SpinLock lock_{LockRank::kIdle};
  Worker* first_ FIBER_GUARDED_BY(lock_) = nullptr;
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<uint32_t> spinning_{0};
  std::atomic<Worker*> keeper_{nullptr};  // written under lock_
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_IDLE_H
