// fiber.h: all that the detector knows of a fiber that has not ended.
//
// Input:    the fiber hooks of race/fibers.cpp.
// Output:   the record that the runtime carries as struct fsan_fiber*; the list of all
//           live fibers for reports.
// Cost:     about 400 bytes for each live fiber.
// Threads:  a record belongs to the thread that runs the fiber; info and stack may be read
//           by any while the registry is locked, waiting only while the fiber is parked.
// Not here: what remains after the end, see fiber_info.h.
//
// Invariants
//   F1  A fiber that runs on a processor is that processor's `running`, and no other's.
//   F2  lowest_frame is at or below every address of the fiber's stack that anybody may
//       have stamped: an address of a frame gets known to another fiber, or into the
//       shadow, only after a hook was called in or below that frame.
//   F3  waiting.active only between fiber_waiting and the next switch in.
#ifndef FIBERSAN_DETECTOR_FIBER_H
#define FIBERSAN_DETECTOR_FIBER_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/clock/fiber_clock.h"
#include "detector/clock/sync.h"
#include "detector/fiber_info.h"
#include "detector/history/stack.h"
#include "detector/lock_set.h"

namespace fibersan {

// What a parked fiber waits for.
struct Waiting {
  static constexpr size_t kObjects = 16;

  bool active = false;
  bool timed = false;  // ends by itself
  fsan_wait_reason reason = FSAN_WAIT_REASON_COUNT;
  uint32_t count = 0;  // objects it waits for; more than kObjects: the rest is not kept
  const void* objects[kObjects] = {};
  const void* frame = nullptr;  // of the hook's caller's callee: input of walk_frames()
  uintptr_t pc = 0;
};

// What stand-alone fences work with (race/atomics.cpp): created by the first one that
// needs it, because few programs do.
struct FenceClocks;

}  // namespace fibersan

struct fsan_fiber {
  fibersan::FiberClock clock;
  fibersan::SpawnSnapshot birth;  // until the first switch in
  fibersan::StackBounds stack;
  uintptr_t lowest_frame = 0;  // F2
  uint64_t context = 0;        // __fsan_running.context while it does not run
  fibersan::FiberInfo info;
  fibersan::LockSet locks;
  fibersan::Waiting waiting;
  fibersan::FenceClocks* fences = nullptr;
  fsan_fiber* next_live = nullptr;  // both guarded by the registry
  fsan_fiber* previous_live = nullptr;
};

namespace fibersan {

using Fiber = ::fsan_fiber;

// The main thread outside run(): it has a lane and a clock as any fiber.
extern Fiber main_thread;

// A new record from the detector's own memory, in the list of live fibers.
Fiber* add_fiber();
// Takes it out of the list; the pointer is dead afterwards.
void remove_fiber(Fiber* fiber);

// Calls visit(fiber, argument) for every live fiber, oldest last, until it returns false.
// The list stays locked meanwhile: visit creates and ends no fiber.
void for_each_live_fiber(bool (*visit)(const Fiber& fiber, void* argument), void* argument);
// The live fiber whose stack contains the address; false when there is none.
bool find_stack_owner(uintptr_t address, FiberInfo* owner, StackBounds* stack);
uint64_t live_fibers();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FIBER_H
