// stack_walk.h: return addresses of a stack by frame pointers, and their names.
//
// Input:    a frame address and the bounds of its stack.
// Cost:     a load for each frame; names take a look-up in the dynamic symbol table and,
//           for local functions, one pass over the module's full one.
// Threads:  any.
// Not here: file and line: those the detector's symbolizer has.
//
// Invariants
//   I1  A frame is read only when it lies inside the bounds and above the last one: code
//       without frame pointers cuts the stack short but cannot lead outside of it.
#ifndef FIBERSAN_RUNTIME_STACK_WALK_H
#define FIBERSAN_RUNTIME_STACK_WALK_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace fiber::internal {

class Fiber;

// The return address of `frame`, then of its callers. Returns how many were stored.
size_t walk_frames(const void* frame, const void* low, const void* high, void** addresses,
                   size_t most);

struct CodeAddress {
  std::string function;  // demangled, without its parameters' types; empty: unknown
  std::string module;    // file name without folders
  size_t offset = 0;     // in the module
};
CodeAddress describe_address(const void* return_address);

// "    #0 function (module+0x12)" for each. Leading frames of the runtime itself are left out,
// and what lies behind the fiber's entry.
void print_stack(std::FILE* file, void* const* addresses, size_t count);

// "  created by fiber 2 at f (module+0x12)"; nothing when there are no addresses.
void print_creation(std::FILE* file, uint64_t creator_id, void* const* addresses, size_t count);

// "fiber 3 'name' [chan receive]:", its stack from `frame`, and where it was created.
void print_fiber(std::FILE* file, const Fiber& fiber, const char* state, const void* frame);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_STACK_WALK_H
