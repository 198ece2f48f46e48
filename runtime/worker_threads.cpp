#include "runtime/worker_threads.h"

#include "detector/abi/hooks.h"
#include "runtime/check.h"
#include "runtime/fatal.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"

namespace fiber::internal {

[[clang::no_destroy]] constinit WorkerThreads worker_threads;

namespace {

void thread_main(Worker& worker, const sigset_t& signals) {
  // The monitor, which has started us, takes no signals.
  pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  SignalStack signal_stack;
  __fsan_processor_acquired(worker.index());
  worker.work();
  __fsan_processor_released(worker.index());
}

}  // namespace

Worker& WorkerThreads::get(uint32_t index) {
  FIBERSAN_CHECK(index < kMostThreads, index);
  if (worker(index) == nullptr) {
    // release [R1]: the worker. Pairs with [A1] in worker().
    workers_[index].store(new Worker(index), std::memory_order_release);
    highest_.store(index + 1, std::memory_order_release);
  }
  return *worker(index);
}

Worker& WorkerThreads::adopt_caller(Processor& processor) {
  pthread_sigmask(SIG_SETMASK, nullptr, &signals_);
  Worker& worker = get(0);
  scheduler.idle.give(processor, worker);
  count_.store(1, std::memory_order_relaxed);
  return worker;
}

void WorkerThreads::start(Processor& processor, bool spinning) {
  Worker& worker = get(static_cast<uint32_t>(threads_.size()) + 1);
  worker.spinning_ = spinning;
  scheduler.idle.give(processor, worker);
  // Before it exists: the deadlock check must never take it for a foreign thread.
  count_.fetch_add(1, std::memory_order_relaxed);
  try {
    threads_.emplace_back([this, &worker] { thread_main(worker, signals_); });
  } catch (...) {
    worker.spinning_ = false;
    count_.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

void WorkerThreads::end_all() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  count_.store(0, std::memory_order_relaxed);
}

}  // namespace fiber::internal
