#include "runtime/idle.h"

#include <utility>

#include "runtime/fork.h"
#include "runtime/monitor.h"
#include "runtime/observe/counters.h"
#include "runtime/processor.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"

namespace fiber::internal {

// --- the two sets ---

// One that is not used any more: its fibers to the others, as an owner, which it has none of.
void IdleSet::retire(Processor& processor) {
  processor.retired = true;
  --surplus_;
  if (Fiber* next = processor.queue.take_next()) scheduler.global.push(next);
  while (Fiber* fiber = processor.queue.take()) scheduler.global.push(fiber);
  stack_pool().drain(&processor.stacks);
}

void IdleSet::put(Processor& processor) {
  processor.worker.store(nullptr, std::memory_order_relaxed);
  if (processor.index >= scheduler.processor_count()) {
    retire(processor);
    return;
  }
  processor.idle_next = processors_;
  processors_ = &processor;
  idle_.fetch_add(1, std::memory_order_relaxed);
  available_.fetch_add(1, std::memory_order_relaxed);
}

Processor* IdleSet::take_processor() {
  Processor* processor = processors_;
  if (processor == nullptr) return nullptr;
  processors_ = processor->idle_next;
  available_.fetch_sub(1, std::memory_order_relaxed);
  // seq_cst [F1]: pairs with [F2] of Monitor::sleep().
  const uint32_t before = idle_.fetch_sub(1, std::memory_order_seq_cst);
  // I4: who sleeps until the next timer could not fire it.
  if (before == 1) dismiss_keeper();
  monitor.wake_if_asleep();
  return processor;
}

void IdleSet::detach(Worker& worker) {
  worker.detached_ = true;
  detached_.fetch_add(1, std::memory_order_relaxed);
}

void IdleSet::attach(Worker& worker) {
  if (!worker.detached_) return;
  worker.detached_ = false;
  detached_.fetch_sub(1, std::memory_order_relaxed);
}

// Of a worker in a blocking call.
Processor* IdleSet::take_lent() {
  for (uint32_t i = 0; i < scheduler.processor_count(); ++i) {
    Worker* worker = scheduler.processor(i).worker.load(std::memory_order_relaxed);
    if (worker == nullptr) continue;
    Processor* processor = worker->take_lent();
    if (processor == nullptr) continue;
    available_.fetch_sub(1, std::memory_order_relaxed);
    detach(*worker);
    return processor;
  }
  return nullptr;
}

void IdleSet::assign(Processor& processor, Worker& worker) {
  // release: a worker that was just made. Pairs with the acquire of who looks without the lock,
  // the monitor and schedtrace.
  processor.worker.store(&worker, std::memory_order_release);
  worker.processor_ = &processor;
  worker.shared_processor_.store(&processor, std::memory_order_relaxed);
}

Processor* IdleSet::unassign(Worker& worker) {
  worker.processor_ = nullptr;
  return worker.shared_processor_.exchange(nullptr, std::memory_order_relaxed);
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
  if (keeper_.load(std::memory_order_relaxed) == &worker) dismiss_keeper();
}

void IdleSet::dismiss_keeper() {
  keeper_.store(nullptr, std::memory_order_relaxed);
  keeper_until_.store(Clock::time_point::max(), std::memory_order_relaxed);
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

// The processor begins to work. Null: when the monitor has started a thread for it.
Worker* IdleSet::start(Processor& processor, bool spinning) {
  Worker* worker = take_parked();
  if (worker != nullptr) {
    assign(processor, *worker);
    worker->spinning_ = spinning;
    return worker;
  }
  processor.worker.store(nullptr, std::memory_order_relaxed);
  processor.starts_spinning = spinning;
  processor.idle_next = waiting_for_thread_;
  waiting_for_thread_ = &processor;
  return nullptr;
}

// What start() has chosen; not under the lock.
void IdleSet::run_worker(Worker* worker) {
  if (worker != nullptr) {
    worker->unpark();
  } else {
    monitor.wake();
  }
}

void IdleSet::wake_one() {
  if (in_forked_child()) return;
  uint32_t none = 0;
  // seq_cst: between [F1] and the lock; see the essay. Fails when somebody else spins.
  if (!spinning_.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) return;
  // acquire: who raised available_ has published what it left before.
  std::atomic_thread_fence(std::memory_order_acquire);
  Worker* worker = nullptr;
  {
    SpinGuard guard(lock_);
    Processor* processor = take_processor();
    if (processor == nullptr) processor = take_lent();
    if (processor == nullptr) {
      spinning_.fetch_sub(1, std::memory_order_seq_cst);
      return;
    }
    worker = start(*processor, /*spinning=*/true);
  }
  run_worker(worker);
}

void IdleSet::deadline_changed(Clock::time_point deadline) {
  // seq_cst [F1]: the deadline is published like work; the worker reads it behind [F2].
  full_fence();
  if (idle_.load(std::memory_order_relaxed) == 0) return;
  // Relaxed: ordered by [F1]. Either it is the time of a keeper who wakes early enough, or one
  // that is announced later looks at the deadlines afterwards.
  if (keeper_until_.load(std::memory_order_relaxed) <= deadline) return;
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
    put(*unassign(worker));
    park(worker);
    if (worker.spinning_) {
      worker.spinning_ = false;
      spinning_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  // seq_cst [F2]: pairs with [F1].
  full_fence();
}

bool IdleSet::leave(Worker& worker) {
  SpinGuard guard(lock_);
  if (!worker.parked_) return worker.processor() != nullptr;
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

void IdleSet::drop(Worker& worker) {
  {
    SpinGuard guard(lock_);
    if (worker.spinning_) {
      worker.spinning_ = false;
      spinning_.fetch_sub(1, std::memory_order_relaxed);
    }
    put(*unassign(worker));
  }
  // [F2] and [F1] in one: what was published before, others shall come for.
  work_published();
  recheck();
}

void IdleSet::hand_over(Worker& worker, Worker& to, Fiber* fiber) {
  SpinGuard guard(lock_);
  // It may not be waiting yet: it takes the processor itself.
  to.handed_processor_ = unassign(worker);
  to.handed_over_ = fiber;
}

Fiber* IdleSet::take_handed_over(Worker& worker) {
  SpinGuard guard(lock_);
  if (worker.handed_over_ == nullptr) return nullptr;
  assign(*std::exchange(worker.handed_processor_, nullptr), worker);
  return std::exchange(worker.handed_over_, nullptr);
}

void IdleSet::set_processors(uint32_t count) {
  {
    SpinGuard guard(lock_);
    const uint32_t before = scheduler.processor_count();
    scheduler.set_processor_count(count);
    for (uint32_t i = before; i < count; ++i) {
      Processor& processor = scheduler.processor(i);
      if (!processor.retired) {  // still at work, and may go on
        --surplus_;
        continue;
      }
      processor.retired = false;
      put(processor);
    }
    for (uint32_t i = count; i < before; ++i) {
      ++surplus_;
      Processor& processor = scheduler.processor(i);
      if (Worker* worker = processor.worker.load(std::memory_order_relaxed)) {
        // At work: it notices before its next fiber. In a blocking call: it is not missed.
        if (Processor* lent = worker->take_lent()) {
          available_.fetch_sub(1, std::memory_order_relaxed);
          detach(*worker);
          put(*lent);
        }
      }
    }
    // The idle ones; those that wait for a thread notice when they have one.
    Processor* all = processors_;
    processors_ = nullptr;
    while (all != nullptr) {
      Processor* processor = std::exchange(all, all->idle_next);
      idle_.fetch_sub(1, std::memory_order_relaxed);
      available_.fetch_sub(1, std::memory_order_relaxed);
      put(*processor);
    }
    if (processors_ == nullptr) dismiss_keeper();  // I4
  }
  work_published();
  recheck();
}

void IdleSet::give_away(Worker& worker) {
  Worker* other = nullptr;
  {
    SpinGuard guard(lock_);
    Processor* processor = unassign(worker);
    other = start(*processor, /*spinning=*/false);
  }
  count(Counter::kHandOffs);
  run_worker(other);
}

Processor* IdleSet::confirmed_processor(const Worker& worker) {
  SpinGuard guard(lock_);
  return worker.processor();
}

void IdleSet::give(Processor& processor, Worker& worker) {
  SpinGuard guard(lock_);
  assign(processor, worker);
}

Processor* IdleSet::take_waiting_for_thread(bool& spinning) {
  SpinGuard guard(lock_);
  Processor* processor = waiting_for_thread_;
  if (processor == nullptr) return nullptr;
  waiting_for_thread_ = processor->idle_next;
  spinning = processor->starts_spinning;
  return processor;
}

bool IdleSet::keep_time(Worker& worker, Clock::time_point deadline) {
  {
    SpinGuard guard(lock_);
    Worker* keeper = keeper_.load(std::memory_order_relaxed);
    if (!worker.parked_ || processors_ == nullptr || (keeper != nullptr && keeper != &worker))
      return false;
    keeper_.store(&worker, std::memory_order_relaxed);
    keeper_until_.store(deadline, std::memory_order_relaxed);
  }
  // seq_cst [F2]: pairs with [F1] in deadline_changed().
  full_fence();
  return true;
}

void IdleSet::stop_keeping(Worker& worker) {
  // Relaxed: nobody else makes this worker the keeper.
  if (keeper_.load(std::memory_order_relaxed) != &worker) return;
  SpinGuard guard(lock_);
  if (keeper_.load(std::memory_order_relaxed) == &worker) dismiss_keeper();
}

bool IdleSet::all_idle(uint32_t processors, bool (*nothing)(const void*), const void* argument) {
  SpinGuard guard(lock_);
  return idle_.load(std::memory_order_relaxed) == processors &&
         spinning_.load(std::memory_order_relaxed) == 0 &&
         detached_.load(std::memory_order_relaxed) == 0 && surplus_ == 0 && nothing(argument);
}

void IdleSet::reset() {
  SpinGuard guard(lock_);
  FIBERSAN_CHECK(spinning_.load(std::memory_order_relaxed) == 0, spinning());
  FIBERSAN_CHECK(parked_ == nullptr && waiting_for_thread_ == nullptr, idle());
  processors_ = nullptr;
  surplus_ = 0;
  for (std::atomic<uint32_t>* number : {&idle_, &available_, &detached_})
    number->store(0, std::memory_order_relaxed);
  dismiss_keeper();
}

}  // namespace fiber::internal
