#include "detector/race/concurrency.h"

namespace fibersan {

constinit std::atomic<bool> accesses_are_parallel{false};
constinit std::atomic<bool> main_thread_is_alone{true};
constinit Concurrency concurrency;

void Concurrency::update() {
  // relaxed: when it becomes true the second thread has not started yet, and when it becomes
  // false only one is left.
  accesses_are_parallel.store(live_threads_ != 0 || run_is_parallel_, std::memory_order_relaxed);
  main_thread_is_alone.store(!had_threads_ && !run_is_on_, std::memory_order_relaxed);
}

void Concurrency::thread_added() {
  SpinGuard guard(lock_);
  ++live_threads_;
  had_threads_ = true;
  update();
}

void Concurrency::thread_gone() {
  SpinGuard guard(lock_);
  --live_threads_;
  update();
}

void Concurrency::run_begins(bool parallel) {
  SpinGuard guard(lock_);
  run_is_on_ = true;
  run_is_parallel_ = parallel;
  update();
}

void Concurrency::run_widens() {
  SpinGuard guard(lock_);
  run_is_parallel_ = true;
  update();
}

void Concurrency::run_narrows() {
  SpinGuard guard(lock_);
  run_is_parallel_ = false;
  update();
}

void Concurrency::run_ends() {
  SpinGuard guard(lock_);
  run_is_on_ = false;
  update();
}

}  // namespace fibersan
