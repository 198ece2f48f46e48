// memory_ranges.h: checks of accesses whose extent is known only when the program runs.
//
// Input:    memcpy, memmove and memset of any length; vector accesses under a mask.
// Output:   calls of the range hooks before them; for a mask, one call for each lane that
//           is switched on.
#ifndef FIBERSAN_INSTRUMENT_MEMORY_RANGES_H
#define FIBERSAN_INSTRUMENT_MEMORY_RANGES_H

#include "instrument/access.h"
#include "instrument/hook_table.h"

namespace fibersan::instrument {

// `context` is the value on entry to the function.
void emit_range_check(HookTable& hooks, const RangeAccess& access, llvm::Value* context);
void emit_masked_check(HookTable& hooks, const MaskedAccess& access, llvm::Value* context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_MEMORY_RANGES_H
