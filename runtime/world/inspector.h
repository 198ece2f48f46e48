// inspector.h: what the detector's reports may ask about fibers that wait, and what they wait for.
//
// Cost:     nothing until a report is made: numbers are read, not kept.
// Threads:  any, also while the world stands still: nothing is locked or allocated.
#ifndef FIBERSAN_RUNTIME_WORLD_INSPECTOR_H
#define FIBERSAN_RUNTIME_WORLD_INSPECTOR_H

#include "detector/abi/hooks.h"

namespace fiber::internal {

extern const fsan_inspector inspector;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_INSPECTOR_H
