// main_thread.h: where the stack of the main thread lies.
//
// State:    found once, at start-up, on the main thread.
// Threads:  constant afterwards.
//
// Invariants
//   M1  `low` is what the stack may grow down to, not what is mapped now.
#ifndef FIBERSAN_DETECTOR_PROCESS_MAIN_THREAD_H
#define FIBERSAN_DETECTOR_PROCESS_MAIN_THREAD_H

#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

StackBounds find_main_thread_stack();
// What was found.
StackBounds main_thread_stack();
bool main_thread_stack_contains(uintptr_t address);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_MAIN_THREAD_H
