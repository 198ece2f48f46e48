#include "instrument/thin_lto.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace fibersan::instrument {
namespace {

// Clang's flags of a module: of both kinds of LTO, and of full LTO alone.
bool is_prepared_for_thin_lto(const llvm::Module& module) {
  return module.getModuleFlag("EnableSplitLTOUnit") != nullptr &&
         module.getModuleFlag("ThinLTO") == nullptr;
}

// The order of LLVM's own pipeline.
constexpr const char kSteps[] =
    "function(loop-simplify,lcssa,loop(loop-rotate<header-duplication>),loop-distribute,"
    "loop-vectorize,infer-alignment,loop-load-elim,instcombine,simplifycfg,slp-vectorizer,"
    "vector-combine,instcombine,loop-unroll,instcombine,loop-simplify,lcssa,"
    "loop-mssa(licm),simplifycfg)";

}  // namespace

WidenForThinLto::WidenForThinLto(llvm::PassBuilder& builder, llvm::OptimizationLevel level) {
  // As clang does: -O0 and -O1 do not vectorise.
  if (level.getSpeedupLevel() >= 2) llvm::cantFail(builder.parsePassPipeline(steps_, kSteps));
}

llvm::PreservedAnalyses WidenForThinLto::run(llvm::Module& module,
                                             llvm::ModuleAnalysisManager& analyses) {
  if (!is_prepared_for_thin_lto(module)) return llvm::PreservedAnalyses::all();
  return steps_.run(module, analyses);
}

}  // namespace fibersan::instrument
