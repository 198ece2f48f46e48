// context.h: from a 64-bit calling context to the stack it stands for.
//
// Input:    the caller's context (fsan_running.context at its entry), the pc of the hook's
//           call, and, on first sight only, the frames themselves.
// Output:   a hash of both that stack_of() turns back into the stack, on any thread, later.
// State:    a growing table hash -> stack id over the StackTable.
// Cost:     known context: one look-up in a table that only changes when a new context is
//           seen. New context: a frame walk and a lock.
// Threads:  any. Look-ups take no lock.
//
// Invariants
//   C1  An entry never changes once it is published; a table that was outgrown stays
//       readable for ever.
#ifndef FIBERSAN_DETECTOR_HISTORY_CONTEXT_H
#define FIBERSAN_DETECTOR_HISTORY_CONTEXT_H

#include "detector/history/stack.h"
#include "detector/history/stack_table.h"

namespace fibersan {

// Returns the hash of (caller_context, pc); never 0. `frame` and `pc` as in walk_frames().
uint64_t note_access_context(uint64_t caller_context, uintptr_t pc, const void* frame,
                             StackBounds bounds);

// The same for events that keep a 32-bit stack id (allocations, creations).
StackId note_stack(uint64_t caller_context, uintptr_t pc, const void* frame, StackBounds bounds);

// Empty when the hash is unknown (it was forgotten: see forgotten_contexts()).
Stack stack_of(uint64_t hash);

// Contexts that found no room in the table.
uint64_t forgotten_contexts();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_CONTEXT_H
