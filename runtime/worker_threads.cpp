#include "runtime/worker_threads.h"

#include <cstdio>
#include <cstdlib>

#include "detector/abi/hooks.h"
#include "runtime/check.h"
#include "runtime/fatal.h"
#include "runtime/hooks.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"

namespace fiber::internal {

[[clang::no_destroy]] constinit WorkerThreads worker_threads;

namespace {

// As Go's, words and status.
[[noreturn]] void fatal_too_many(uint32_t limit) {
  std::fflush(stdout);
  std::fprintf(stderr,
               "fiber: program exceeds %u-thread limit: so many fibers are in blocking calls at "
               "once; raise FIBER_OPTIONS=max_threads, or bound the calls with a Semaphore\n"
               "fatal error: thread exhaustion\n",
               limit);
  std::_Exit(2);
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

uint32_t WorkerThreads::free_number() {
  uint32_t index = 1;
  // acquire: the thread that had it has let go of everything. Pairs with the release in run().
  while (Worker* candidate = worker(index)) {
    if (!candidate->in_use_.load(std::memory_order_acquire)) break;
    ++index;
  }
  return index;
}

Worker& WorkerThreads::adopt_caller(Processor& processor, uint32_t limit) {
  limit_ = limit;
  pthread_sigmask(SIG_SETMASK, nullptr, &signals_);
  Worker& worker = get(0);
  worker.retired_ = false;
  scheduler.idle.give(processor, worker);
  count_.fetch_add(1, std::memory_order_relaxed);
  return worker;
}

void WorkerThreads::start(Processor& processor, bool spinning) {
  const hooks::OwnWork own_work;
  std::lock_guard guard(starting_);
  if (scheduler.stopping()) {
    if (spinning) static_cast<void>(scheduler.idle.unspin());
    return;
  }
  if (count() >= limit_) fatal_too_many(limit_);
  Worker& worker = get(free_number());
  // Before it exists: the deadlock check must never take it for a foreign thread.
  count_.fetch_add(1, std::memory_order_relaxed);
  worker.in_use_.store(true, std::memory_order_relaxed);
  worker.spinning_ = spinning;
  scheduler.idle.give(processor, worker);
  try {
    threads_.emplace_back(&worker, std::thread([this, &worker] { run(worker); }));
    internal::count(Counter::kThreadsStarted);
  } catch (...) {
    worker.spinning_ = false;
    worker.in_use_.store(false, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

void WorkerThreads::run(Worker& worker) {
  // The monitor, which has started us, takes no signals.
  pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
  SignalStack signal_stack;
  __fsan_processor_acquired(worker.index());
  worker.work();
  __fsan_processor_released(worker.index());
  count_.fetch_sub(1, std::memory_order_relaxed);
  // release: pairs with the acquire in free_number().
  worker.in_use_.store(false, std::memory_order_release);
}

void WorkerThreads::interrupt_all() {
  for (uint32_t index = 0; index < highest(); ++index) {
    Worker* one = worker(index);
    if (one == nullptr) continue;
    one->request_preemption();
    if (one->is_callers()) one->unpark();
  }
}

void WorkerThreads::end_all() {
  const hooks::OwnWork own_work;
  std::vector<std::pair<Worker*, std::thread>> threads;
  {
    std::lock_guard guard(starting_);
    threads.swap(threads_);
  }
  for (auto& [worker, thread] : threads) {
    if (worker->abandon()) {
      if (Fiber* fiber = worker->current()) __fsan_fiber_abandoned(fiber->detector);
      thread.detach();
    }
  }
  for (auto& [worker, thread] : threads) {
    if (thread.joinable()) thread.join();
  }
  count_.fetch_sub(1, std::memory_order_relaxed);  // the caller
}

}  // namespace fiber::internal
