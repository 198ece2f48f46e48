// worker_threads.h: the threads of a run: started, numbered, counted, ended.
//
// State:    one Worker for each number in use; numbers are used again, lowest first.
// Threads:  start() from the run's thread before it works, then from the monitor alone;
//           end_all() from the run's thread after the monitor has ended.
// Not here: when a thread is needed, see idle.h and monitor.h.
//
// Invariants
//   I1  Worker 0 is the caller of run(); it is never started and never ended here.
#ifndef FIBERSAN_RUNTIME_WORKER_THREADS_H
#define FIBERSAN_RUNTIME_WORKER_THREADS_H

#include <atomic>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

namespace fiber::internal {

class Worker;
struct Processor;

class WorkerThreads {
 public:
  static constexpr uint32_t kMostThreads = 10'000;

  // The calling thread becomes worker 0.
  Worker& adopt_caller(Processor& processor);
  // Throws std::system_error when the system gives no thread. `spinning`: it was counted so.
  void start(Processor& processor, bool spinning);
  // Waits for all that have been started; the run has been stopped.
  void end_all();

  // Alive, the caller's included.
  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  // For dumps: the worker of this number, or null; I1 of worker.h.
  Worker* worker(uint32_t index) const {
    // acquire [A1]: a constructed worker. Pairs with [R1] in get().
    return index < kMostThreads ? workers_[index].load(std::memory_order_acquire) : nullptr;
  }
  // One more than the highest number ever used.
  uint32_t highest() const { return highest_.load(std::memory_order_acquire); }

 private:
  Worker& get(uint32_t index);

  std::atomic<Worker*> workers_[kMostThreads] = {};
  std::atomic<uint32_t> highest_{0};
  std::atomic<uint32_t> count_{0};
  std::vector<std::thread> threads_;  // threads_[i] runs worker i + 1
  sigset_t signals_{};                // the caller's mask, which every worker has
};

extern WorkerThreads worker_threads;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORKER_THREADS_H
