// access_selection.h: reads a function and lists what the later steps have to change.
//
// Input:    a function after optimisation, unchanged.
// Output:   its FunctionPlan: accesses to memory that other fibers may know
//           (private_memory.h), atomics, calls, returns.
// Cost:     one walk over the instructions.
// Not here: which of the checks can be left out, see check_pruning.h.
#ifndef FIBERSAN_INSTRUMENT_ACCESS_SELECTION_H
#define FIBERSAN_INSTRUMENT_ACCESS_SELECTION_H

#include "instrument/access.h"
#include "instrument/eliminations.h"
#include "llvm/IR/Function.h"

namespace fibersan::instrument {

FunctionPlan select_accesses(llvm::Function& function, Statistics& statistics);

// A call that may release, or do anything else that other fibers see (A1).
bool may_synchronise(const llvm::Instruction& instruction);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_ACCESS_SELECTION_H
