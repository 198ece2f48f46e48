// check_emitter.h: emits the checks of one function, and what neighbouring checks share.
//
// Input:    the accesses that are left after pruning, as in A2, and the ranges.
// Output:   inline checks (inline_check.h, inline_range.h); calls of the hooks for accesses above
//           kLargestInlineCheck and for ranges that are no loop's.
// Cost:     shared by the accesses of one stretch (A1): the stamp, two instructions; the
//           shadow address, two, shared by accesses at constant distances of each other.
//
// Invariants
//   E1  A shared value is computed at the first access that uses it, in the same block.
//   E2  Cells of one object lie in the shadow as they lie in memory: the mask wraps between
//       the regions of the address space, never within one.
#ifndef FIBERSAN_INSTRUMENT_CHECK_EMITTER_H
#define FIBERSAN_INSTRUMENT_CHECK_EMITTER_H

#include <vector>

#include "instrument/access.h"
#include "instrument/eliminations.h"
#include "instrument/hook_table.h"
#include "instrument/running_state.h"

namespace fibersan::instrument {

constexpr uint64_t kLargestInlineCheck = 64;

// `context` is the value on entry to the function, see calling_context.h. `has_calls`: some of the
// function's calls change what __fsan_running holds.
void emit_checks(HookTable& hooks, RunningState& state, const FunctionPlan& plan,
                 llvm::Value* context, bool has_calls, Statistics& statistics);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_EMITTER_H
