#include "instrument/loop_unrolling.h"

#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/UnrollLoop.h"

namespace fibersan::instrument {

bool repeat_body(llvm::Loop& loop, unsigned times, llvm::FunctionAnalysisManager& analyses) {
  llvm::Function& function = *loop.getHeader()->getParent();
  auto& dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  auto& assumptions = analyses.getResult<llvm::AssumptionAnalysis>(function);
  auto& target = analyses.getResult<llvm::TargetIRAnalysis>(function);
  auto& remarks = analyses.getResult<llvm::OptimizationRemarkEmitterAnalysis>(function);
  if (!loop.isSafeToClone()) return false;
  llvm::Loop* outermost = &loop;
  while (outermost->getParentLoop() != nullptr) outermost = outermost->getParentLoop();
  llvm::formLCSSARecursively(*outermost, dominators, &loops, &evolution);
  llvm::UnrollLoopOptions options = {};
  options.Count = times;
  return llvm::UnrollLoop(&loop, options, &loops, &evolution, &dominators, &assumptions, &target,
                          &remarks, /*PreserveLCSSA=*/true) != llvm::LoopUnrollResult::Unmodified;
}

}  // namespace fibersan::instrument
