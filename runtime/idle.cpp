#include "runtime/idle.h"

#include "runtime/worker.h"

namespace fiber::internal {

void IdleWorkers::remove(Worker& worker) {
  for (Worker** link = &first_; *link != nullptr; link = &(*link)->idle_next_) {
    if (*link != &worker) continue;
    *link = worker.idle_next_;
    break;
  }
  worker.idle_ = false;
  if (keeper_.load(std::memory_order_relaxed) == &worker)
    keeper_.store(nullptr, std::memory_order_relaxed);
  sleeping_.fetch_sub(1, std::memory_order_relaxed);
}

// The one that fell asleep last has the warmest cache; the keeper comes last (I3).
Worker* IdleWorkers::take_sleeper() {
  Worker* worker = first_;
  if (worker == nullptr) return nullptr;
  if (worker == keeper_.load(std::memory_order_relaxed) && worker->idle_next_ != nullptr)
    worker = worker->idle_next_;
  remove(*worker);
  return worker;
}

void IdleWorkers::wake_one() {
  uint32_t none = 0;
  // seq_cst: between [F1] and the lock; see the essay. Fails when somebody else spins.
  if (!spinning_.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) return;
  Worker* worker = nullptr;
  {
    SpinGuard guard(lock_);
    worker = take_sleeper();
    if (worker == nullptr) {
      spinning_.fetch_sub(1, std::memory_order_seq_cst);
      return;
    }
    worker->spinning_ = true;
  }
  worker->parker_.unpark();
}

void IdleWorkers::deadline_changed() {
  // seq_cst [F1]: the deadline is published like work; the worker reads it behind [F2].
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_relaxed) == 0) return;
  recheck();
}

void IdleWorkers::recheck() {
  Worker* worker = nullptr;
  {
    SpinGuard guard(lock_);
    worker = keeper_.load(std::memory_order_relaxed);
    if (worker == nullptr) worker = first_;
  }
  // It stays in the set and looks again.
  if (worker != nullptr) worker->parker_.unpark();
}

void IdleWorkers::wake_all() {
  for (;;) {
    Worker* worker = nullptr;
    {
      SpinGuard guard(lock_);
      worker = take_sleeper();
    }
    if (worker == nullptr) return;
    worker->parker_.unpark();
  }
}

bool IdleWorkers::try_spin(uint32_t processors) {
  const uint32_t awake = processors - sleeping_.load(std::memory_order_relaxed);
  if (2 * spinning_.load(std::memory_order_relaxed) >= awake) return false;
  spin();
  return true;
}

void IdleWorkers::enter(Worker& worker) {
  {
    SpinGuard guard(lock_);
    worker.idle_next_ = first_;
    first_ = &worker;
    worker.idle_ = true;
    sleeping_.fetch_add(1, std::memory_order_relaxed);
    if (worker.spinning_) {
      worker.spinning_ = false;
      spinning_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  // seq_cst [F2]: pairs with [F1].
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool IdleWorkers::leave(Worker& worker) {
  SpinGuard guard(lock_);
  if (!worker.idle_) return false;
  remove(worker);
  return true;
}

bool IdleWorkers::contains(const Worker& worker) {
  SpinGuard guard(lock_);
  return worker.idle_;
}

bool IdleWorkers::keep_time(Worker& worker) {
  SpinGuard guard(lock_);
  Worker* keeper = keeper_.load(std::memory_order_relaxed);
  if (!worker.idle_ || (keeper != nullptr && keeper != &worker)) return false;
  keeper_.store(&worker, std::memory_order_relaxed);
  return true;
}

bool IdleWorkers::all_asleep(uint32_t processors, bool (*nothing)(const void*),
                             const void* argument) {
  SpinGuard guard(lock_);
  return sleeping_.load(std::memory_order_relaxed) == processors &&
         spinning_.load(std::memory_order_relaxed) == 0 && nothing(argument);
}

}  // namespace fiber::internal
