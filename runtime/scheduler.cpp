#include "runtime/scheduler.h"

#include "runtime/hooks.h"
#include "runtime/monitor.h"
#include "runtime/net/poller.h"
#include "runtime/policy.h"
#include "runtime/processor_use.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {

// Not destroyed: std::exit may be called while workers run.
[[clang::no_destroy]] constinit Scheduler scheduler;

void Scheduler::enqueue(Fiber* fiber, Runnable why) {
  ProcessorUse use;
  Processor* processor = use.get();
  if (processor == nullptr) {
    if (why == Runnable::kCreated) count(Counter::kFibersCreated);
    fiber_runnable(nullptr, fiber, why);
    enqueue_anywhere(fiber);
    return;
  }
  if (why == Runnable::kCreated) fiber_created(processor->counters, fiber);
  fiber_runnable(&processor->counters, fiber, why);
  Fiber* displaced = processor->queue.push_next(fiber);
  if (displaced != nullptr) enqueue_last(*processor, displaced);
  // Alone, the caller is the one who would be woken.
  if (processor_count() == 1) return;
  if (why != Runnable::kCreated && displaced == nullptr && processor->queue.ring_empty() &&
      !processor->picks.tells_of_lonely()) {
    monitor.watch_slots();
    return;
  }
  idle.work_published();
}

void Scheduler::overflow(Processor& processor, Fiber* fiber) {
  do {
    RunQueue<Fiber>::Overflow half;
    if (!processor.queue.take_half(half)) continue;
    half.append(fiber);
    global.push(half);
    processor.counters.add(Counter::kOverflows);
    return;
  } while (!processor.queue.push(fiber));
}

Processor& Scheduler::make_processor(uint32_t index) {
  if (processors_[index] == nullptr) {
    auto* processor = new Processor;
    processor->index = index;
    // release [R1]: a whole processor, for statistics. Pairs with [A1].
    __atomic_store_n(&processors_[index], processor, __ATOMIC_RELEASE);
    timers.add(processor->timers);
  }
  Processor& processor = *processors_[index];
  processor.random.seed(seed_, index);
  processor.picks.reset();
  return processor;
}

void Scheduler::prepare(uint32_t processors, uint64_t seed, uint32_t stack_class) {
  seed_ = seed;
  for (uint32_t i = 0; i < processors; ++i) make_processor(i).retired = false;
  count_.store(processors, std::memory_order_release);
  most_.store(processors, std::memory_order_release);
  stack_class_ = stack_class;
  stopping_.store(false, std::memory_order_relaxed);  // published by the threads' start
}

uint32_t Scheduler::set_processors(uint32_t count, bool follow) {
  const hooks::OwnWork own_work;
  std::lock_guard guard(changing_);
  set_follows_machine(follow);
  const uint32_t before = processor_count();
  for (uint32_t i = processors_ever(); i < count; ++i) {
    make_processor(i).retired = true;
    most_.store(i + 1, std::memory_order_release);
  }
  idle.set_processors(count);
  // Of those that are at work still: when they notice, see Worker::find_fiber().
  for (uint32_t i = count; i < before; ++i)
    processors_[i]->timers.move_all_to(processors_[0]->timers);
  return before;
}

void Scheduler::stop() {
  // Relaxed: behind [F1] for who is about to sleep, and looked at by others at each pick.
  stopping_.store(true, std::memory_order_relaxed);
  full_fence();  // [F1], pairs with [F2] of idle.h
  idle.wake_all();
  worker_threads.interrupt_all();
}

void Scheduler::finish() {
  timers.clear();
  poller.run_finished();
  global.clear();
  for (uint32_t i = 0; i < processors_ever(); ++i) {
    processors_[i]->queue.clear();
    stack_pool().drain(&processors_[i]->stacks);
  }
  idle.reset();
  main_fiber = nullptr;
}

bool Scheduler::somebody_must_run(const Processor& processor) const {
  if (!processor.queue.empty() || !global.empty()) return true;
  // Next slots of others: their owners take them soon, or the monitor finds them.
  for (uint32_t i = 0; i < processor_count(); ++i) {
    if (!processors_[i]->queue.ring_empty()) return true;
  }
  constexpr auto kSoon = std::chrono::milliseconds(10);  // later ones are the monitor's
  if (idle.has_keeper()) return false;
  if (poller.in_use()) return true;
  if (timers.empty()) return false;
  return timers.next_deadline() < Clock::now() + kSoon;
}

bool Scheduler::work_visible() const {
  if (!global.empty()) return true;
  for (uint32_t i = 0; i < processor_count(); ++i) {
    if (!processors_[i]->queue.empty()) return true;
  }
  return false;
}

void Scheduler::foreign_waker_removed() {
  // seq_cst: the deadlock check reads it under the idle lock, which recheck() takes.
  if (foreign_wakers_.fetch_sub(1, std::memory_order_seq_cst) == 1) idle.recheck();
}

}  // namespace fiber::internal
