// place.h: where a hook was called, as a stack that reports can name later.
//
// Cost:     a look-up; on first sight a frame walk.
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_RACE_PLACE_H
#define FIBERSAN_DETECTOR_RACE_PLACE_H

#include "detector/fiber.h"
#include "detector/history/context.h"
#include "detector/race/access.h"

namespace fibersan {

// By the fiber, in a hook.
inline StackId place_of(const fsan_fiber& fiber, const Caller& caller) {
  return note_stack(caller.context, caller.pc, caller.frame, fiber.stack);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_PLACE_H
