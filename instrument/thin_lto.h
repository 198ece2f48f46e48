// thin_lto.h: the loops of a module that ThinLTO will link are made wide before the checks.
//
// The compiler leaves vectorising and unrolling to the link when it prepares a module for
// ThinLTO, but a loop with checks is not vectorised any more. The plugin runs in the compiler
// alone: GNU ld's and gold's LLVM plugin load no passes. So these steps come before the
// checks here; the link optimises what they and the checks have left.
//
// Rejected: the passes behind the link, through lld's --load-pass-plugin: the words would
// have to be in the config file, where GNU ld does not know them.
// Known:    loops that only cross-module inlining makes vectorisable stay as they are.
#ifndef FIBERSAN_INSTRUMENT_THIN_LTO_H
#define FIBERSAN_INSTRUMENT_THIN_LTO_H

#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"

namespace fibersan::instrument {

// Does nothing to modules that are compiled in one step or for full LTO.
class WidenForThinLto : public llvm::PassInfoMixin<WidenForThinLto> {
 public:
  WidenForThinLto(llvm::PassBuilder& builder, llvm::OptimizationLevel level);
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);

 private:
  llvm::ModulePassManager steps_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_THIN_LTO_H
