// memory.h: what the program's allocator tells the shadow.
//
// Input:    blocks, from detector/heap/; stacks of fibers, from fibers.cpp.
// Cost:     small blocks: a memset of twice their size. Large ones: whole pages of shadow
//           go back to the system.
// Threads:  any; the caller owns the range.
#ifndef FIBERSAN_DETECTOR_RACE_MEMORY_H
#define FIBERSAN_DETECTOR_RACE_MEMORY_H

#include <cstddef>
#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

// The block is new: nothing that was done to its bytes before counts.
void memory_allocated(uintptr_t address, size_t size);

// The block is given up by the current fiber: a write to all of it, which stays in the
// shadow. Syncs in it are forgotten. `context` is that of note_access_context() for the
// call of free, whose stack is walk_frames(frame, pc, ...).
void memory_freed(uintptr_t address, size_t size, uint64_t context, const void* frame,
                  uintptr_t pc);

// Accesses and Syncs in the range are forgotten.
void memory_forgotten(uintptr_t address, size_t size);

// Where the stack of the calling thread's current fiber (or thread) lies; empty on a
// foreign thread.
StackBounds current_stack_bounds();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_MEMORY_H
