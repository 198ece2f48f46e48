// plugin.cpp: where in clang's pipeline the passes run, and their names for opt.
#include "instrument/instrument_pass.h"
#include "instrument/invented_loads.h"
#include "instrument/mark_pass.h"
#include "instrument/other_instrumentation.h"
#include "instrument/poll_pass.h"
#include "instrument/thin_lto.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

namespace {

using fibersan::instrument::forbid_invented_loads;
using fibersan::instrument::InstrumentPass;
using fibersan::instrument::MarkPass;
using fibersan::instrument::PollPass;
using fibersan::instrument::refuse_dataflow;
using fibersan::instrument::RepairPass;
using fibersan::instrument::WidenForThinLto;
using llvm::ModulePassManager;
using llvm::OptimizationLevel;

void register_names(llvm::PassBuilder& builder) {
  builder.registerPipelineParsingCallback([](llvm::StringRef name, ModulePassManager& passes,
                                             llvm::ArrayRef<llvm::PassBuilder::PipelineElement>) {
    if (name == "fibersan")
      passes.addPass(InstrumentPass());
    else if (name == "fibersan-mark")
      passes.addPass(MarkPass());
    else if (name == "fiber-repair")
      passes.addPass(RepairPass());
    else if (name == "fiber-polls")
      passes.addPass(PollPass());
    else
      return false;
    return true;
  });
}

// Both extension points run at every level, -O0 included.
void register_for_detector(llvm::PassBuilder& builder) {
  refuse_dataflow(builder);
  forbid_invented_loads(builder);
  builder.registerPipelineStartEPCallback(
      [](ModulePassManager& passes, OptimizationLevel) { passes.addPass(MarkPass()); });
  builder.registerOptimizerLastEPCallback(
      [&builder](ModulePassManager& passes, OptimizationLevel level) {
        passes.addPass(WidenForThinLto(builder, level));
        passes.addPass(PollPass());
        passes.addPass(InstrumentPass());
      });
  register_names(builder);
}

void register_for_plain_build(llvm::PassBuilder& builder) {
  builder.registerPipelineStartEPCallback(
      [](ModulePassManager& passes, OptimizationLevel) { passes.addPass(RepairPass()); });
  builder.registerOptimizerLastEPCallback(
      [](ModulePassManager& passes, OptimizationLevel) { passes.addPass(PollPass()); });
  register_names(builder);
}

// Both config files in one command: checks and polls would come twice.
const char* loaded_as = nullptr;

llvm::PassPluginLibraryInfo loaded(const char* name, void (*register_passes)(llvm::PassBuilder&)) {
  if (loaded_as != nullptr && loaded_as != name) {
    llvm::errs() << "error: two config files: use either fibersan.cfg or fiber.cfg, not both\n";
    std::exit(1);
  }
  loaded_as = name;
  return {LLVM_PLUGIN_API_VERSION, name, LLVM_VERSION_STRING, register_passes};
}

constexpr const char kWithDetector[] = "FiberSan", kPlain[] = "Fiber";

}  // namespace

// The two entries, one for each plugin made of loader.cpp.
extern "C" __attribute__((visibility("default"))) llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  return loaded(kWithDetector, register_for_detector);
}

extern "C" __attribute__((visibility("default"))) llvm::PassPluginLibraryInfo
fiberGetPassPluginInfo() {
  return loaded(kPlain, register_for_plain_build);
}
