// recursive_calls.h: calls by which a function may come back to itself.
//
// Input:    a module.
// Output:   for a function, its calls that close a cycle of the call graph; and indirect
//           calls of a function that may itself be called indirectly (visitors of trees).
// Cost:     linear in the calls.
//
// Invariants
//   R1  A walk of the call graph in depth leaves the callee of such a call after its caller. Each
//       cycle has one, since leaving cannot come earlier all the way round.
//
// Rejected: all calls within a cycle (SQLite's largest has hundreds of functions).
//
// Known:    a cycle of direct calls through another module is not seen. It polls where one
//           of its functions has a loop.
#ifndef FIBERSAN_INSTRUMENT_RECURSIVE_CALLS_H
#define FIBERSAN_INSTRUMENT_RECURSIVE_CALLS_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

class RecursiveCalls {
 public:
  explicit RecursiveCalls(llvm::Module& module);

  llvm::SmallVector<llvm::CallBase*, 4> of(llvm::Function& function) const;

 private:
  llvm::DenseMap<const llvm::Function*, unsigned> finished_;  // when the walk leaves it
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_RECURSIVE_CALLS_H
