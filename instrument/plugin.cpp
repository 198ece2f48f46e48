// plugin.cpp: where in clang's pipeline the passes run, and their names for opt.
#include "instrument/instrument_pass.h"
#include "instrument/mark_pass.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"

namespace {

using fibersan::instrument::InstrumentPass;
using fibersan::instrument::MarkPass;

void register_passes(llvm::PassBuilder& builder) {
  // Both extension points run at every level, -O0 included.
  builder.registerPipelineStartEPCallback(
      [](llvm::ModulePassManager& passes, llvm::OptimizationLevel) { passes.addPass(MarkPass()); });
  builder.registerOptimizerLastEPCallback(
      [](llvm::ModulePassManager& passes, llvm::OptimizationLevel) {
        passes.addPass(InstrumentPass());
      });
  builder.registerPipelineParsingCallback([](llvm::StringRef name, llvm::ModulePassManager& passes,
                                             llvm::ArrayRef<llvm::PassBuilder::PipelineElement>) {
    if (name == "fibersan")
      passes.addPass(InstrumentPass());
    else if (name == "fibersan-mark")
      passes.addPass(MarkPass());
    else
      return false;
    return true;
  });
}

}  // namespace

extern "C" __attribute__((visibility("default"))) llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "FiberSan", LLVM_VERSION_STRING, register_passes};
}
