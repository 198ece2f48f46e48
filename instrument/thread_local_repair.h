// thread_local_repair.h: no address of the calling thread's data outlives a possible switch.
//
// Input:    a module as the front end made it, before anything was inlined.
// Output:   each use of a thread_local, of errno and their like computes the address itself
//           when a call that may switch lies between, in a form that the optimiser cannot
//           merge, hoist or sink (thread_address.h). Functions that answer for the calling
//           thread lose memory(none).
// Cost:     two instructions for a use of a thread_local, or for several uses with no call
//           between; no value of a thread_local stays in a register across a loop.
//
// Invariants
//   T1  Also in functions that cannot switch themselves: they may be inlined.
//   T2  A thread_local's guard keeps the address it had: the constructor's effects are on
//       that thread's variable.
//
// Known:    an address that the program takes itself, by & or a reference, stays that
//           thread's variable. Emulated thread-local storage is not covered.
#ifndef FIBERSAN_INSTRUMENT_THREAD_LOCAL_REPAIR_H
#define FIBERSAN_INSTRUMENT_THREAD_LOCAL_REPAIR_H

#include "llvm/IR/Module.h"

namespace fibersan::instrument {

void repair_thread_locals(llvm::Module& module);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_THREAD_LOCAL_REPAIR_H
