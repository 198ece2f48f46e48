// scheduler.h: what the workers of a run share.
//
// State:    the processors, the global queue, the timers, the idle set, the stop flag.
//           One for the process: constant-initialised, usable before main.
// Threads:  any, except where a function says otherwise.
// Not here: the workers' loop, see worker.cpp; begin and end of a run, see run.cpp.
//
// Invariants
//   I1  While a run is on, every runnable fiber is in exactly one queue or slot, or in the
//       hands of one worker.
#ifndef FIBERSAN_RUNTIME_SCHEDULER_H
#define FIBERSAN_RUNTIME_SCHEDULER_H

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "runtime/fiber.h"
#include "runtime/global_queue.h"
#include "runtime/idle.h"
#include "runtime/net/poller.h"
#include "runtime/observe/fiber_events.h"
#include "runtime/processor.h"
#include "runtime/time/timer_heaps.h"
#include "runtime/worker.h"

namespace fiber::internal {

class Scheduler {
 public:
  static constexpr uint32_t kMostProcessors = 1024;
  static constexpr Clock::duration kTimersAreLate = std::chrono::milliseconds(1);

  // Puts a runnable fiber where a worker finds it. Runs next on the caller's processor, or
  // goes to the global queue when the caller has none.
  void enqueue(Fiber* fiber, Runnable why = Runnable::kWoken);
  // Behind everybody, in the global queue.
  void enqueue_anywhere(Fiber* fiber) {
    global.push(fiber);
    idle.work_published();
  }
  // At the end of the processor's ring, or with half of it to the global queue. By the
  // processor's worker.
  void enqueue_last(Processor& processor, Fiber* fiber) {
    if (!processor.queue.push(fiber)) overflow(processor, fiber);
  }

  // Run is on, called by its thread while no worker works.
  void prepare(uint32_t processors, uint64_t seed, uint32_t stack_class);
  // All workers leave their loops. From any worker.
  void stop();
  // See fork.h; nobody is woken.
  void stop_in_forked_child() { stopping_.store(true, std::memory_order_relaxed); }
  // After all workers have left.
  void finish();

  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  // Is there a fiber in any queue? Exact only behind a fence, see idle.h.
  bool work_visible() const;
  // The processor is about to be without a worker, behind [F2] of idle.h: is there something
  // that waits for one, or soon will?
  bool somebody_must_run(const Processor& processor) const;
  bool timers_are_due() const { return !timers.empty() && timers.next_deadline() <= Clock::now(); }
  // Timers are armed and no worker sleeps until the next one.
  bool nobody_keeps_time() const {
    return (!timers.empty() || poller.in_use()) && !idle.has_keeper();
  }
  // For the monitor, which then has to wake somebody.
  Clock::time_point deadline_without_keeper() const {
    if (idle.has_keeper()) return TimerHeap::kNever;
    // Read once: the last timer may go at any time.
    const Clock::time_point next = timers.next_deadline();
    return next == TimerHeap::kNever ? next : next + kTimersAreLate;
  }
  // May anybody outside of the runtime make a fiber ready?
  bool foreign_wakers() const { return foreign_wakers_.load(std::memory_order_relaxed) != 0; }
  void foreign_waker_added() { foreign_wakers_.fetch_add(1, std::memory_order_relaxed); }
  void foreign_waker_removed();

  // acquire [A2]: the processors up to it. Pairs with [R2].
  uint32_t processor_count() const { return count_.load(std::memory_order_acquire); }
  // The most there have been in this run: timers and the like may still be with them.
  uint32_t processors_ever() const { return most_.load(std::memory_order_acquire); }
  // By IdleSet, under its lock.
  void set_processor_count(uint32_t count) {
    // release [R2]: pairs with [A2].
    count_.store(count, std::memory_order_release);
  }
  // By a fiber or the monitor while a run is on; returns the number until now. `follow`: it is
  // the machine's, and changes with it.
  uint32_t set_processors(uint32_t count, bool follow);
  bool follows_machine() const { return follows_machine_.load(std::memory_order_relaxed); }
  void set_follows_machine(bool follows) {
    follows_machine_.store(follows, std::memory_order_relaxed);
  }
  bool migrates() const { return migrates_; }
  void set_migrates(bool migrates) { migrates_ = migrates; }
  Processor& processor(uint32_t index) { return *processors_[index]; }
  // For statistics: null when there never was one; I1 of processor.h.
  const Processor* processor_if_any(uint32_t index) const {
    // acquire [A1]: pairs with [R1] in prepare().
    return __atomic_load_n(&processors_[index], __ATOMIC_ACQUIRE);
  }
  // Fibers that ended runs have stopped where they were.
  uint64_t stopped_fibers() const { return stopped_fibers_.load(std::memory_order_relaxed); }
  // At the end of each run.
  void fibers_stopped(uint64_t count) {
    stopped_fibers_.fetch_add(count, std::memory_order_relaxed);
    runs_ended_.fetch_add(1, std::memory_order_relaxed);
  }
  // Relaxed: a fiber is ordered behind the start of its run.
  uint64_t runs_ended() const { return runs_ended_.load(std::memory_order_relaxed); }
  // Of no two fibers of the process the same: what one run left behind is not of the next.
  uint64_t next_fiber_id() { return last_id_.fetch_add(1, std::memory_order_relaxed) + 1; }
  uint32_t stack_class() const { return stack_class_; }

  GlobalQueue global;
  IdleSet idle;
  TimerHeaps timers;
  Fiber* main_fiber = nullptr;

 private:
  // Not inlined: its frame of 1 KiB would touch one more page of most fibers' stacks.
  __attribute__((noinline)) void overflow(Processor& processor, Fiber* fiber);

  std::array<Processor*, kMostProcessors> processors_{};
  Processor& make_processor(uint32_t index);

  std::mutex changing_;  // one set_processors() at a time
  uint64_t seed_ = 0;
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> most_{0};
  std::atomic<bool> follows_machine_{false};
  bool migrates_ = false;
  uint32_t stack_class_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<uint32_t> foreign_wakers_{0};
  std::atomic<uint64_t> last_id_{0};
  std::atomic<uint64_t> stopped_fibers_{0};
  std::atomic<uint64_t> runs_ended_{0};
};

extern Scheduler scheduler;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SCHEDULER_H
