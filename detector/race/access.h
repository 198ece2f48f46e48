// access.h: one access of the running fiber: checked, remembered, reported.
//
// Input:    address, size, kind; who called the hook.
// Cost:     see README.md; what needs no thought is done by access_fast.h.
// Threads:  any.
// Not here: the algorithm on the cell (shadow/cell.h), the hooks (hooks_*.cpp).
//
// Invariants
//   A1  An access is in the history before its stamp is in the shadow, so whoever finds
//       the stamp finds the stack, unless it was overwritten.
//   A2  A race is reported with no lock held.
#ifndef FIBERSAN_DETECTOR_RACE_ACCESS_H
#define FIBERSAN_DETECTOR_RACE_ACCESS_H

#include <cstdint>

#include "detector/clock/stamp.h"
#include "detector/race/race_found.h"
#include "detector/race/thread.h"
#include "detector/shadow/cell.h"

namespace fibersan {

// Where a hook was called.
struct Caller {
  uintptr_t pc;
  const void* frame;
  uint64_t context;
  uintptr_t place;  // tells the places of one function apart: the pc, or another of its addresses
};
// In a hook only: the address it returns to, and its own frame.
#define FIBERSAN_CALLER(calling_context)                                                  \
  ::fibersan::Caller {                                                                    \
    reinterpret_cast<uintptr_t>(__builtin_return_address(0)), __builtin_frame_address(0), \
        calling_context, reinterpret_cast<uintptr_t>(__builtin_return_address(0))         \
  }

struct Access {
  uintptr_t address;
  uint64_t size;
  AccessKind kind;
  bool is_free = false;
  bool is_operation = false;
  bool is_vptr = false;
};

// Stamps that an access races with, and the first cell that each was found in: the same segment in
// several cells of a range is one conflict.
using Conflicts = Races;

// Checks and stamps every cell of the access. Reports nothing.
Conflicts check_access(fsan_fiber& fiber, const Access& access, const Caller& caller);

// check_access() of large ranges: where nobody touched the pages of the shadow no stamp is left,
// so that its cost is that of the cells around what somebody stamped.
Conflicts check_touched(fsan_fiber& fiber, const Access& access, const Caller& caller);

// Checks the access as check_access() does and leaves no stamp behind: its cost is that of
// the cells that somebody stamped. Whole cells only.
Conflicts check_without_stamp(fsan_fiber& fiber, const Access& access);

// check_access() for an access within one cell.
Conflicts check_cell_access(fsan_fiber& fiber, const Access& access, const Caller& caller);

void report_conflicts(const fsan_fiber& fiber, const Access& access, const Caller& caller,
                      const Conflicts& conflicts);

// check_access() and report_conflicts() for the running fiber.
void access_range(const Access& access, const Caller& caller);
// The same without a try of the fast way.
void access_range_slowly(const Access& access, const Caller& caller);

// The same for an access within one cell.
void access_cell(const Access& access, const Caller& caller);

// check_access() for one of the running fiber that was recorded, and may have been stamped while
// somebody else did: what it covers itself is looked at all the same.
Conflicts check_again(fsan_fiber& fiber, const Access& access);

// The same, and report_conflicts().
void access_again(const Access& access, const Caller& caller);

// Remembers that the fiber's stack was used from this address up, so that it is cleared
// when the fiber ends.
inline void note_stack_use(fsan_fiber& fiber, uintptr_t address) {
  if (address - fiber.stack.low < fiber.lowest_touched - fiber.stack.low)
    fiber.lowest_touched = address;
}
// Of two at once. What is not on the stack is far above all that is, counted from its low end.
inline void note_stack_use(fsan_fiber& fiber, uintptr_t address, uintptr_t frame) {
  const uintptr_t low = fiber.stack.low;
  const uintptr_t lower = address - low < frame - low ? address : frame;
  note_stack_use(fiber, lower);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_ACCESS_H
