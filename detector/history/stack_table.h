// stack_table.h: every stack that may have to be shown later, each once.
//
// Input:    stacks. Output: 32-bit ids, and the stacks back.
// State:    a trie from the outermost frame inwards: a node is {caller's node, pc}, so
//           stacks share their outer frames. Nodes are never removed.
// Cost:     add() one hash probe for each frame that the stack added last did not have;
//           stack_of_id() one load for each frame.
// Threads:  any; add() takes a spin lock, stack_of_id() none.
//
// Invariants
//   T1  A node is immutable once its id has been returned, and its caller's id is smaller.
#ifndef FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H
#define FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H

#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

// 0 is the empty stack; also what add() returns when the table is full.
using StackId = uint32_t;

StackId add_stack(const Stack& stack);
Stack stack_of_id(StackId id);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_STACK_TABLE_H
