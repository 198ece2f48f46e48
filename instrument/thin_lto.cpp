#include "instrument/thin_lto.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace fibersan::instrument {
namespace {

// Clang's flags of a module: of both kinds of LTO, and of full LTO alone.
bool is_prepared_for_thin_lto(const llvm::Module& module) {
  return module.getModuleFlag("EnableSplitLTOUnit") != nullptr &&
         module.getModuleFlag("ThinLTO") == nullptr;
}

// Which of -fno-vectorize, -fno-slp-vectorize and -fno-unroll-loops were given shows only in a
// pipeline that the builder makes; the one behind the link has all these passes.
struct Vectorizers {
  std::string loops;  // with its parameters, as parsePassPipeline takes it
  std::string straight_code;
};
Vectorizers vectorizers(llvm::PassBuilder& builder, llvm::OptimizationLevel level) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  builder.buildLTODefaultPipeline(level, nullptr).printPipeline(stream, [](llvm::StringRef name) {
    return name;
  });
  llvm::StringRef parameters = llvm::StringRef(text).split("LoopVectorizePass<").second;
  return {"loop-vectorize<" + parameters.take_until([](char c) { return c == '>'; }).str() + ">,",
          llvm::StringRef(text).contains("SLPVectorizerPass") ? "slp-vectorizer," : ""};
}

// The order of LLVM's own pipeline. Loops that are not to be unrolled say so themselves.
std::string steps(const Vectorizers& vectorizers) {
  return "function(loop-simplify,lcssa,loop(loop-rotate<header-duplication>),loop-distribute," +
         vectorizers.loops + "infer-alignment,loop-load-elim,instcombine,simplifycfg," +
         vectorizers.straight_code +
         "vector-combine,instcombine,loop-unroll,instcombine,loop-simplify,lcssa,"
         "loop-mssa(licm),simplifycfg)";
}

}  // namespace

WidenForThinLto::WidenForThinLto(llvm::PassBuilder& builder, llvm::OptimizationLevel level) {
  // As clang does: -O0 and -O1 do not vectorise.
  if (level.getSpeedupLevel() >= 2)
    llvm::cantFail(builder.parsePassPipeline(steps_, steps(vectorizers(builder, level))));
}

llvm::PreservedAnalyses WidenForThinLto::run(llvm::Module& module,
                                             llvm::ModuleAnalysisManager& analyses) {
  if (!is_prepared_for_thin_lto(module)) return llvm::PreservedAnalyses::all();
  return steps_.run(module, analyses);
}

}  // namespace fibersan::instrument
