#include "runtime/idle.h"

#include "runtime/fork.h"
#include "runtime/monitor.h"
#include "runtime/processor.h"
#include "runtime/worker.h"

namespace fiber::internal {

// --- the two sets ---

void IdleSet::put(Processor& processor) {
  processor.worker.store(nullptr, std::memory_order_relaxed);
  processor.idle_next = processors_;
  processors_ = &processor;
  idle_.fetch_add(1, std::memory_order_relaxed);
}

Processor* IdleSet::take_processor() {
  Processor* processor = processors_;
  if (processor == nullptr) return nullptr;
  processors_ = processor->idle_next;
  // I4: who sleeps until the next timer could not fire it.
  if (idle_.fetch_sub(1, std::memory_order_relaxed) == 1)
    keeper_.store(nullptr, std::memory_order_relaxed);
  return processor;
}

void IdleSet::assign(Processor& processor, Worker& worker) {
  processor.worker.store(&worker, std::memory_order_relaxed);
  worker.processor_ = &processor;
}

void IdleSet::park(Worker& worker) {
  worker.parked_next_ = parked_;
  parked_ = &worker;
  worker.parked_ = true;
}

void IdleSet::unlink(Worker& worker) {
  for (Worker** link = &parked_; *link != nullptr; link = &(*link)->parked_next_) {
    if (*link != &worker) continue;
    *link = worker.parked_next_;
    break;
  }
  worker.parked_ = false;
  if (keeper_.load(std::memory_order_relaxed) == &worker)
    keeper_.store(nullptr, std::memory_order_relaxed);
}

// The one that fell asleep last has the warmest cache; the keeper comes last (I3).
Worker* IdleSet::take_parked() {
  Worker* worker = parked_;
  if (worker == nullptr) return nullptr;
  if (worker == keeper_.load(std::memory_order_relaxed) && worker->parked_next_ != nullptr)
    worker = worker->parked_next_;
  unlink(*worker);
  return worker;
}

// --- waking ---

void IdleSet::wake_one() {
  if (in_forked_child()) return;
  uint32_t none = 0;
  // seq_cst: between [F1] and the lock; see the essay. Fails when somebody else spins.
  if (!spinning_.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) return;
  Worker* worker = nullptr;
  {
    SpinGuard guard(lock_);
    Processor* processor = take_processor();
    if (processor == nullptr) {
      spinning_.fetch_sub(1, std::memory_order_seq_cst);
      return;
    }
    worker = take_parked();
    if (worker != nullptr) {
      assign(*processor, *worker);
      worker->spinning_ = true;
    } else {
      processor->idle_next = waiting_for_thread_;
      waiting_for_thread_ = processor;
    }
  }
  if (worker != nullptr) {
    worker->unpark();
  } else {
    monitor.wake();
  }
}

void IdleSet::deadline_changed() {
  // seq_cst [F1]: the deadline is published like work; the worker reads it behind [F2].
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (idle_.load(std::memory_order_relaxed) == 0) return;
  recheck();
}

void IdleSet::recheck() {
  Worker* worker = nullptr;
  {
    SpinGuard guard(lock_);
    worker = keeper_.load(std::memory_order_relaxed);
    if (worker == nullptr) worker = parked_;
  }
  // It stays parked and looks again.
  if (worker != nullptr) {
    worker->unpark();
  } else {
    monitor.wake();
  }
}

void IdleSet::wake_all() {
  for (;;) {
    Worker* worker = nullptr;
    {
      SpinGuard guard(lock_);
      worker = take_parked();
    }
    if (worker == nullptr) break;
    worker->unpark();
  }
  monitor.wake();
}

bool IdleSet::try_spin(uint32_t processors) {
  const uint32_t busy = processors - idle_.load(std::memory_order_relaxed);
  if (2 * spinning_.load(std::memory_order_relaxed) >= busy) return false;
  spin();
  return true;
}

// --- giving up and getting back ---

void IdleSet::enter(Worker& worker) {
  {
    SpinGuard guard(lock_);
    put(*worker.processor_);
    worker.processor_ = nullptr;
    park(worker);
    if (worker.spinning_) {
      worker.spinning_ = false;
      spinning_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  // seq_cst [F2]: pairs with [F1].
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void IdleSet::enter_without_processor(Worker& worker) {
  SpinGuard guard(lock_);
  park(worker);
}

bool IdleSet::leave(Worker& worker) {
  SpinGuard guard(lock_);
  if (!worker.parked_) return worker.processor_ != nullptr;
  Processor* processor = take_processor();
  if (processor == nullptr) return false;
  unlink(worker);
  assign(*processor, worker);
  return true;
}

bool IdleSet::is_parked(const Worker& worker) {
  SpinGuard guard(lock_);
  return worker.parked_;
}

void IdleSet::unpark(Worker& worker) {
  SpinGuard guard(lock_);
  if (worker.parked_) unlink(worker);
}

bool IdleSet::acquire(Worker& worker) {
  SpinGuard guard(lock_);
  Processor* processor = take_processor();
  if (processor == nullptr) return false;
  assign(*processor, worker);
  return true;
}

void IdleSet::release(Processor& processor) {
  {
    SpinGuard guard(lock_);
    put(processor);
  }
  // seq_cst [F2]: pairs with [F1].
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void IdleSet::give(Processor& processor, Worker& worker) {
  SpinGuard guard(lock_);
  assign(processor, worker);
}

Processor* IdleSet::take_waiting_for_thread() {
  SpinGuard guard(lock_);
  Processor* processor = waiting_for_thread_;
  if (processor != nullptr) waiting_for_thread_ = processor->idle_next;
  return processor;
}

bool IdleSet::keep_time(Worker& worker) {
  SpinGuard guard(lock_);
  Worker* keeper = keeper_.load(std::memory_order_relaxed);
  if (!worker.parked_ || processors_ == nullptr || (keeper != nullptr && keeper != &worker))
    return false;
  keeper_.store(&worker, std::memory_order_relaxed);
  return true;
}

bool IdleSet::all_idle(uint32_t processors, bool (*nothing)(const void*), const void* argument) {
  SpinGuard guard(lock_);
  return idle_.load(std::memory_order_relaxed) == processors &&
         spinning_.load(std::memory_order_relaxed) == 0 && nothing(argument);
}

void IdleSet::reset() {
  SpinGuard guard(lock_);
  FIBERSAN_CHECK(spinning_.load(std::memory_order_relaxed) == 0, spinning());
  FIBERSAN_CHECK(parked_ == nullptr && waiting_for_thread_ == nullptr, idle());
  processors_ = nullptr;
  idle_.store(0, std::memory_order_relaxed);
  keeper_.store(nullptr, std::memory_order_relaxed);
}

}  // namespace fiber::internal
