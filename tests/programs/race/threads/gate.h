// gate.h: one thread waits in time for another, without a happens-before edge.
#ifndef FIBERSAN_TESTS_PROGRAMS_RACE_THREADS_GATE_H
#define FIBERSAN_TESTS_PROGRAMS_RACE_THREADS_GATE_H

#include <sched.h>

#include <atomic>

class Gate {
 public:
  void open() { open_.store(true, std::memory_order_relaxed); }
  bool is_open() const { return open_.load(std::memory_order_relaxed); }
  void wait() const {
    while (!is_open()) sched_yield();
  }

 private:
  std::atomic<bool> open_{false};
};

#endif  // FIBERSAN_TESTS_PROGRAMS_RACE_THREADS_GATE_H
