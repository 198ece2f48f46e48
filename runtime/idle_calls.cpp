// The side of idle.h of workers that run a fiber without a processor: those in blocking calls, and
// those that the monitor has taken it from.
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/idle.h"
#include "runtime/observe/counters.h"
#include "runtime/observe/fiber_events.h"
#include "runtime/processor.h"
#include "runtime/worker.h"

namespace fiber::internal {

bool register_fences() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

namespace {

// See processor_use.h.
void every_thread_fences() {
  const long result = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  FIBERSAN_CHECK(result == 0, result);
}

}  // namespace

void IdleSet::call_begun(bool has_lent) {
  // seq_cst [F2]: pairs with [F1]; the addition is locked, so it is the fence.
  available_.fetch_add(has_lent ? 1 : 0, std::memory_order_seq_cst);
  full_fence();
}

void IdleSet::hand_off(Worker& worker) {
  Worker* other = nullptr;
  {
    SpinGuard guard(lock_);
    Processor* processor = worker.take_lent();
    if (processor == nullptr) return;  // somebody was faster
    available_.fetch_sub(1, std::memory_order_relaxed);
    detach(worker);
    other = start(*processor, /*spinning=*/false);
  }
  count(Counter::kHandOffs);
  run_worker(other);
}

// The same steps as hand_off(), but whoever has use for the processor comes for it.
void IdleSet::take_from_call(Worker& worker) {
  {
    SpinGuard guard(lock_);
    Processor* processor = worker.take_lent();
    if (processor == nullptr) return;
    available_.fetch_sub(1, std::memory_order_relaxed);
    detach(worker);
    put(*processor);
  }
  count(Counter::kHandOffs);
  // [F1] for work that was published while nobody was to be had.
  work_published();
  recheck();  // I2: no worker has given it up, so none has looked at the timers
}

bool IdleSet::take_from(Processor& processor, Worker& worker, uint32_t dispatches) {
  {
    SpinGuard guard(lock_);
    if (processor.worker.load(std::memory_order_relaxed) != &worker ||
        worker.processor() != &processor)
      return false;
    worker.shared_processor_.store(nullptr, std::memory_order_relaxed);
    every_thread_fences();
    // acquire [A2]: what the worker did with the processor. Pairs with [R2] in end_use().
    if (worker.uses_.load(std::memory_order_acquire) != 0 || worker.in_call() ||
        processor.dispatches.load(std::memory_order_relaxed) != dispatches) {
      worker.shared_processor_.store(&processor, std::memory_order_relaxed);
      return false;
    }
    processor_taken_from(worker);
    detach(worker);
    put(processor);
  }
  count(Counter::kHandOffs);
  work_published();
  recheck();
  return true;
}

bool IdleSet::rejoin(Worker& worker) {
  SpinGuard guard(lock_);
  Processor* processor = take_processor();
  if (processor == nullptr) return false;
  attach(worker);
  assign(*processor, worker);
  return true;
}

void IdleSet::end_detached(Worker& worker) {
  SpinGuard guard(lock_);
  attach(worker);
}

void IdleSet::park_detached(Worker& worker) {
  SpinGuard guard(lock_);
  attach(worker);
  park(worker);
}

}  // namespace fiber::internal
