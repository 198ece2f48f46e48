// memory_ranges.h: checks of accesses whose extent is known only when the program runs.
//
// Input:    memcpy, memmove and memset of any length; what a loop accesses (loop_ranges.h);
//           gathers and scatters; the cold side
//           of a vector access under a mask.
// Output:   calls of the range hooks, for a mask one for each element that is switched on.
#ifndef FIBERSAN_INSTRUMENT_MEMORY_RANGES_H
#define FIBERSAN_INSTRUMENT_MEMORY_RANGES_H

#include "instrument/access.h"
#include "instrument/hook_table.h"

namespace fibersan::instrument {

// `context` is the value on entry to the function.
void emit_range_check(HookTable& hooks, const RangeAccess& access, llvm::Value* context);
void emit_scattered_check(HookTable& hooks, const ScatteredAccess& access, llvm::Value* context);

// Before `place`, for an access with a mask.
void emit_masked_hooks(HookTable& hooks, const Access& access, llvm::Value* context,
                       llvm::Instruction* place);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_MEMORY_RANGES_H
