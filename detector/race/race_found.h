// race_found.h: what the checks hand to the reporting side, as plain data.
//
// Threads:  the functions are called in a hook, on the stack and in the name of the current
//           fiber, with no lock of ours held. They may use the program's malloc no more
//           than any hook.
// Not here: deduplication, the previous stack, the text: behind report_race().
#ifndef FIBERSAN_DETECTOR_RACE_RACE_FOUND_H
#define FIBERSAN_DETECTOR_RACE_RACE_FOUND_H

#include <cstdint>
#include <span>

#include "detector/abi/hooks.h"
#include "detector/clock/stamp.h"
#include "detector/fiber_info.h"
#include "detector/history/stack.h"
#include "detector/lock_set.h"

namespace fibersan {

// The access (or call) that is happening now. Its stack: walk_frames(frame, pc, bounds).
struct CurrentAccess {
  uintptr_t address = 0;
  uint64_t size = 0;
  bool write = false;
  bool atomic = false;
  bool free = false;     // the memory is being freed
  uint64_t context = 0;  // stack_of() gives the stack, also later
  const void* frame = nullptr;
  uintptr_t pc = 0;
  StackBounds bounds;
  const FiberInfo* fiber = nullptr;
  std::span<const HeldLock> locks;
};

struct RaceFound {
  uintptr_t address = 0;  // the first byte that both accessed, as far as the shadow says
  uint64_t size = 0;      // how many bytes from there on in the same cell
  CurrentAccess current;
  Stamp previous = 0;              // lane, epoch, kind, bytes of the cell that contains `address`
  uint64_t previous_fiber_id = 0;  // the last owner of the stamp's lane; the ring knows better
};

struct MisuseFound {
  fsan_finding_kind kind = FSAN_FINDING_KIND_COUNT;
  const void* object = nullptr;
  CurrentAccess current;  // address and size are the object's; `fiber` null on a foreign thread
};

// Implemented by the reporting side.
void report_race(const RaceFound& race);
void report_misuse(const MisuseFound& misuse);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_RACE_FOUND_H
