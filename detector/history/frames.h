// frames.h: the current call stack, by frame pointers.
//
// Cost:     two loads for each frame.
// Threads:  any; the stack walked is the caller's own, or one that does not run.
//
// Invariants
//   F1  Nothing outside `bounds` is read, and each frame is above the one before, so a
//       register that holds no frame pointer ends the walk and cannot loop it.
#ifndef FIBERSAN_DETECTOR_HISTORY_FRAMES_H
#define FIBERSAN_DETECTOR_HISTORY_FRAMES_H

#include "detector/history/stack.h"

namespace fibersan {

// `frame` is __builtin_frame_address(0) of a function that was called from `pc`, its
// __builtin_return_address(0). With pc 0 the walk starts with that function's caller.
Stack walk_frames(const void* frame, uintptr_t pc, StackBounds bounds);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_FRAMES_H
