// stack_table.h: stacks that are kept for ever: of allocations, creations, locks.
//
// Input:    stacks. Output: 32-bit ids, and the stacks back.
// State:    a StackTrie of up to 2^22 nodes (80 MiB); what finds no room is counted.
// Threads:  any; add_stack() takes a spin lock, stack_of_id() none.
// Not here: stacks of accesses, which go with the access, see context.h.
#ifndef FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H
#define FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H

#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

// 0 is the empty stack; also what add_stack() returns when the table is full.
using StackId = uint32_t;

StackId add_stack(const Stack& stack);
Stack stack_of_id(StackId id);

// Calls of add_stack() that found no room.
uint64_t forgotten_stacks();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H
