// blocks.h: a fiber begins to wait for another one.
//
// Not here: what that may mean: whoever implements it (deadlock/wait_cycle_report.cpp).
#ifndef FIBERSAN_DETECTOR_RACE_BLOCKS_H
#define FIBERSAN_DETECTOR_RACE_BLOCKS_H

#include "detector/fiber.h"

namespace fibersan {

// The running fiber, whose Waiting is complete; it has no time-out. May take long.
void fiber_blocks(const fsan_fiber& fiber);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_BLOCKS_H
