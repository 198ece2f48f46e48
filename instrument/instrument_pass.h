// instrument_pass.h: adds FiberSan's checks to one module, after optimisation.
//
// Input:    a module of user code (mark_pass.h has seen it before the optimiser did).
// Output:   the same program, which tells the detector what it does; an error when the
//           target is not x86-64.
// Cost:     linear in the number of instructions.
// Threads:  none; the module is the only state.
#ifndef FIBERSAN_INSTRUMENT_INSTRUMENT_PASS_H
#define FIBERSAN_INSTRUMENT_INSTRUMENT_PASS_H

#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

struct InstrumentPass : llvm::PassInfoMixin<InstrumentPass> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }  // also at -O0 and for optnone functions
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INSTRUMENT_PASS_H
