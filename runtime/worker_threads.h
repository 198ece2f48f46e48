// worker_threads.h: the threads of a run: started, numbered, counted, ended.
//
// State:    one Worker for each number in use; numbers are used again, lowest first.
// Threads:  start() from the run's thread before it works, then from the monitor alone;
//           end_all() from the run's thread; the rest any.
// Not here: when a thread is needed, see idle.h and monitor.h.
//
// Invariants
//   I1  Worker 0 is the caller of run(); it is never started and never ended here.
//   I2  A thread that is in a blocking call when its run ends is abandoned: it finishes the
//       call, touches nothing of a later run, and ends. Its number is in use until then.
//   I3  Once the run stops no thread is started.
#ifndef FIBERSAN_RUNTIME_WORKER_THREADS_H
#define FIBERSAN_RUNTIME_WORKER_THREADS_H

#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace fiber::internal {

class Worker;
struct Processor;

class WorkerThreads {
 public:
  static constexpr uint32_t kMostThreads = 16'384;

  // The calling thread becomes worker 0. `limit`: of all threads, the caller's included.
  Worker& adopt_caller(Processor& processor, uint32_t limit);
  // Throws std::system_error when the system gives no thread; ends the process when there
  // are too many. `spinning`: it was counted so.
  void start(Processor& processor, bool spinning);
  // All fibers that run yield at their next poll, and the caller's thread looks up.
  void interrupt_all();
  // Waits for all that have been started, except I2; the run has been stopped.
  void end_all();

  // The mask that every thread of the run begins with.
  const sigset_t& signals() const { return signals_; }
  // Alive, the caller's included.
  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  // The worker of this number, or null; see I1 of worker.h.
  Worker* worker(uint32_t index) const {
    // acquire [A1]: a constructed worker. Pairs with [R1] in get().
    return index < kMostThreads ? workers_[index].load(std::memory_order_acquire) : nullptr;
  }
  // One more than the highest number ever used.
  uint32_t highest() const { return highest_.load(std::memory_order_acquire); }

 private:
  Worker& get(uint32_t index);
  uint32_t free_number();
  void run(Worker& worker);

  std::atomic<Worker*> workers_[kMostThreads] = {};
  std::atomic<uint32_t> highest_{0};
  std::atomic<uint32_t> count_{0};
  uint32_t limit_ = kMostThreads;
  sigset_t signals_{};   // the caller's mask, which every worker has
  std::mutex starting_;  // I3; not a spin lock: a thread is started under it
  std::vector<std::pair<Worker*, std::thread>> threads_;  // under starting_
};

extern WorkerThreads worker_threads;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORKER_THREADS_H
