// code.h: whose code an address is in, and where a waiting fiber's own frames begin.
//
// Input:    return addresses; a frame of a stack that does not move.
// Cost:     two comparisons; a load for each frame.
// Threads:  any.
//
// Invariants
//   I1  As stack_walk.h I1: nothing outside of the bounds is read.
#ifndef FIBERSAN_RUNTIME_WORLD_CODE_H
#define FIBERSAN_RUNTIME_WORLD_CODE_H

namespace fiber::internal {

// The runtime's, FIBER_ENTRY_TEXT left out.
bool is_runtime_code(const void* address);

// The program's lowest address: above the frames of the runtime that `frame` begins with.
// `high` when there is none.
const void* first_user_address(const void* frame, const void* low, const void* high);

// Is the runtime at work on this stack? True also when the chain of frames breaks: then nobody
// can tell.
bool runtime_is_at_work(const void* pc, const void* frame, const void* low, const void* high);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_CODE_H
