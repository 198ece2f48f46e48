// mark_pass.h: what has to be known before the optimiser runs.
//
// Input:    a module as the front end made it.
// Output:   functions that the ignore list names marked as by FIBERSAN_IGNORE, the others
//           sanitize_thread. The mark adds no instrumentation; it
//           forbids LLVM to speculate loads, which the program does not make and late
//           checks would report, and to inline functions across the border of the mark.
//           Addresses of the calling thread's data are computed where they are used
//           (thread_local_repair.h); a plain build gets this alone.
#ifndef FIBERSAN_INSTRUMENT_MARK_PASS_H
#define FIBERSAN_INSTRUMENT_MARK_PASS_H

#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

struct MarkPass : llvm::PassInfoMixin<MarkPass> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }  // also at -O0
};

struct RepairPass : llvm::PassInfoMixin<RepairPass> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_MARK_PASS_H
