// lock_cycle.h: fibers each of which took a lock that the next one held: a deadlock that did not
// happen.
//
// Threads:  its owner's only.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_LOCK_CYCLE_H
#define FIBERSAN_DETECTOR_DEADLOCK_LOCK_CYCLE_H

#include <cstdint>
#include <span>

#include "detector/history/stack_table.h"

namespace fibersan {

// The lock taken is the one that the next step, or after the last one the first, holds.
struct LockCycleStep {
  const void* held = nullptr;
  const void* taken = nullptr;
  bool held_for_writing = true;
  bool taken_for_writing = true;
  uint64_t fiber_id = 0;
  StackId held_at = 0;
  StackId taken_at = 0;
};

// With its steps behind it in memory of clock/sized_memory.h.
struct LockCycle {
  LockCycle* next = nullptr;
  uint32_t length = 0;

  static LockCycle* make(uint32_t length);
  static void free(LockCycle* cycle);
  [[nodiscard]] std::span<LockCycleStep> steps() {
    return {reinterpret_cast<LockCycleStep*>(this + 1), length};
  }
};

// Findings, with no lock held. The newest step of a cycle is its first one: the caller's.
void report_lock_cycles(LockCycle* first);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_LOCK_CYCLE_H
