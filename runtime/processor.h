// processor.h: the right to run fibers, with the queues and caches that go with it (Go's P).
//
// State:    what its worker uses without a lock; who has it, for the monitor.
// Threads:  its worker; `queue` and `timers` as their headers say; the atomics are read by
//           anybody.
// Not here: which processors are idle, see idle.h; the thread that has it, see worker.h.
//
// Invariants
//   I1  Never freed: a thread outside of the runtime may still look at one of an earlier run.
//   I2  It belongs to one worker, or to the idle set, or waits for a thread that the monitor
//       is about to start. It changes hands under the lock of the idle set.
#ifndef FIBERSAN_RUNTIME_PROCESSOR_H
#define FIBERSAN_RUNTIME_PROCESSOR_H

#include <atomic>
#include <cstdint>

#include "runtime/fiber.h"
#include "runtime/join.h"
#include "runtime/observe/counters.h"
#include "runtime/policy.h"
#include "runtime/run_queue.h"
#include "runtime/time/timer_heaps.h"
#include "runtime/timer_heap.h"

namespace fiber::internal {

class Worker;

struct alignas(128) Processor {
  RunQueue<Fiber> queue;
  PickState picks;
  Random random;
  StackCache stacks;
  JoinStateCache join_states;
  TimerHeap timers;
  ClockPace clock_pace;
  uint32_t index = 0;
  Counters counters;

  // How many fibers it has begun to run: the monitor sees by it who does not come to an end.
  // Written by its worker alone, relaxed: a stale value makes the monitor look again.
  std::atomic<uint32_t> dispatches{0};
  // Null while nobody has it. Written under the lock of the idle set.
  std::atomic<Worker*> worker{nullptr};

  // Guarded by the lock of the idle set.
  Processor* idle_next = nullptr;
  bool retired = false;          // set_processors() has no use for it
  bool starts_spinning = false;  // the thread that it waits for
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PROCESSOR_H
