// frame_place.h: which frame of a stack an address lies in.
//
// Input:    an address within the stack of a fiber or thread; of one that stands still, too, where
//           its innermost frame is.
// Output:   the frame pointer of the function whose locals are there, and an address in its code.
// Cost:     a walk up the stack.
// Threads:  any. A stack that runs meanwhile may change under the eyes of find_frame_by_chain():
//           what it finds is what was there at some moment, or nothing.
// Not here: names, see location.cpp.
//
// Invariants
//   P1  Nothing outside of `bounds` is read.
#ifndef FIBERSAN_DETECTOR_FINDINGS_FRAME_PLACE_H
#define FIBERSAN_DETECTOR_FINDINGS_FRAME_PLACE_H

#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

struct FramePlace {
  uintptr_t pc = 0;  // a return address into the function; 0: not known
  uintptr_t frame_pointer = 0;
  uintptr_t returns_to = 0;  // 0: not known
};

// `frame` belongs to a function that was called from `pc`. Reads what is above it only.
FramePlace find_frame(const void* frame, uintptr_t pc, StackBounds bounds, uintptr_t address);

// Where nobody knows the innermost frame: of a fiber that runs elsewhere, or waits for its turn.
// Frame pointers are a chain up to the outermost one, which nothing else on a stack is.
// `bounds.low`: what is below was not used yet, or is no memory.
FramePlace find_frame_by_chain(StackBounds bounds, uintptr_t address);

// The beginning of the function whose call returns to there; 0 unless it was called by its address.
uintptr_t called_function(uintptr_t return_address);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_FRAME_PLACE_H
