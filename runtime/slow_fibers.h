// slow_fibers.h: fibers that keep their thread for too long, asleep or computing.
//
// Input:    what each worker runs at each look of the monitor.
// Output:   the hook fiber_was_slow, once for each stay on a thread and kind.
// Cost:     nothing unless an option asks; then three system calls for each running fiber and
//           look, and a signal for each finding (observe/running_stacks.h).
// Threads:  the monitor's.
// Not here: calls in fiber::blocking, which are no stay; preemption, see monitor.cpp.
//
// Invariants
//   S1  Asleep means: at every look the thread slept, and between any two it computed for less
//       than kNoise. A thread that waits for a CPU, or sleeps often and shortly, is none.
//   S2  Computing means CPU time of the thread, without a switch since.
#ifndef FIBERSAN_RUNTIME_SLOW_FIBERS_H
#define FIBERSAN_RUNTIME_SLOW_FIBERS_H

#include <chrono>
#include <cstdint>
#include <vector>

#include "detector/abi/hooks.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Fiber;
class Worker;
struct Processor;

class SlowFibers {
 public:
  // Reads the limits, which are the detector's options: none in a plain build.
  void start();
  // Returns when it wants to look again at the latest.
  Clock::time_point look(Clock::time_point now);

 private:
  struct Stay {
    const Fiber* fiber = nullptr;
    const Processor* processor = nullptr;  // as long as the worker has one
    uint32_t dispatches = 0;
    Clock::time_point asleep_since;
    int64_t computed_asleep = 0;  // CPU time at the last look, if it slept; 0: it did not
    int64_t computed_before = 0;
    bool told_asleep = false;
    bool told_computing = false;
  };

  bool look_at(Worker& worker, Stay& stay, Clock::time_point now);
  bool has_slept(Stay& stay, int thread_id, int64_t computed, Clock::time_point now) const;

  std::chrono::milliseconds most_asleep_{0};
  std::chrono::milliseconds most_computing_{0};
  std::vector<Stay> stays_;  // by the worker's number
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SLOW_FIBERS_H
