// race_found.h: accesses that nothing orders, as the hooks see them.
//
// Output:   the access and all it races with, given to report_races() on the thread that made
//           it, at its moment.
// Not here: the other stack and all words: whoever implements report_races().
#ifndef FIBERSAN_DETECTOR_RACE_RACE_FOUND_H
#define FIBERSAN_DETECTOR_RACE_RACE_FOUND_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/clock/stamp.h"
#include "detector/fiber.h"
#include "detector/history/stack.h"
#include "detector/shadow/races.h"

namespace fibersan {

// The access that is happening.
struct CurrentAccess {
  uintptr_t address = 0;
  uint64_t size = 0;
  bool write = false;
  bool atomic = false;
  bool is_free = false;               // free() or realloc() of the block
  bool is_operation = false;          // the runtime's, on an object (a send, a close)
  bool is_vptr = false;               // of the pointer to an object's virtual functions
  uintptr_t pc = 0;                   // return address of the hook's caller
  const void* frame = nullptr;        // __builtin_frame_address(0) of the hook
  const fsan_fiber* fiber = nullptr;  // who does it, with the locks it holds
};

// Reports each pair unless its pair of stacks was reported before. Of a race the stamp tells lane,
// epoch, kind, and the bytes of the cell it covers. Called with no lock held; may take long.
void report_races(const CurrentAccess& current, const Races& races);

// A finding about `object` in the name of `fiber`, which is not running any more, at a
// stack that was noted earlier.
void report_misuse_at(fsan_finding_kind kind, const void* object, const fsan_fiber& fiber,
                      StackId stack);

// The calling thread has just told of an unlock without the lock, which follows. Once.
bool unlock_is_told_of();

// Something took so long, in the name of `fiber`, which runs on the calling thread. The second
// stack is where it began, 0: not known. `object` may be null.
void report_slow(fsan_finding_kind kind, const void* object, const fsan_fiber& fiber, StackId began,
                 uint64_t ms);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_RACE_FOUND_H
