// processor.h: the right to run fibers, with the queues and caches that go with it (Go's P).
//
// Threads:  its worker; `queue` as run_queue.h says.
//
// Invariants
//   I1  Never freed: a thread outside of the runtime may still look at one of an earlier run.
#ifndef FIBERSAN_RUNTIME_PROCESSOR_H
#define FIBERSAN_RUNTIME_PROCESSOR_H

#include <cstdint>

#include "runtime/fiber.h"
#include "runtime/observe/counters.h"
#include "runtime/policy.h"
#include "runtime/run_queue.h"

namespace fiber::internal {

struct alignas(128) Processor {
  RunQueue<Fiber> queue;
  PickState picks;
  Random random;
  StackCache stacks;
  uint32_t index = 0;
  Counters counters;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PROCESSOR_H
