#include "instrument/poll_pass.h"

#include "instrument/function_filter.h"
#include "instrument/other_instrumentation.h"
#include "instrument/poll_placement.h"
#include "llvm/Analysis/TargetLibraryInfo.h"

namespace fibersan::instrument {
namespace {

// It may run other fibers now, whatever the optimiser concluded before.
void forget_effects(llvm::Function& function) {
  function.removeFnAttr(llvm::Attribute::Memory);
  function.removeFnAttr(llvm::Attribute::NoSync);
  for (llvm::User* user : function.users()) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(user);
    if (call != nullptr && call->getCalledFunction() == &function) {
      call->removeFnAttr(llvm::Attribute::Memory);
      call->removeFnAttr(llvm::Attribute::NoSync);
    }
  }
}

void emit(const PollPlan& plan, PollEmitter& polls, llvm::ScalarEvolution* evolution) {
  std::vector<Chunk> first_chunks;
  for (const PollPlan::Chunks& chunks : plan.chunks)
    first_chunks.push_back(emit_first_chunk(chunks.loop, chunks.iterations, *evolution));
  for (size_t i = 0; i < plan.chunks.size(); ++i)
    strip_mine(plan.chunks[i].loop, first_chunks[i], polls);
  for (llvm::Instruction* place : plan.tests) polls.emit_before(*place);
}

}  // namespace

llvm::PreservedAnalyses PollPass::run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses) {
  if (!is_supported(module)) return llvm::PreservedAnalyses::all();  // refused by the others
  FunctionFilter filter(module);
  std::vector<llvm::Function*> functions;
  for (llvm::Function& function : module)
    if (filter.takes_polls(function)) functions.push_back(&function);
  if (functions.empty()) return llvm::PreservedAnalyses::all();

  auto& of_functions =
      analyses.getResult<llvm::FunctionAnalysisManagerModuleProxy>(module).getManager();
  RecursiveCalls recursion(module);
  CodeLength length([&](llvm::Function& function) -> const llvm::TargetLibraryInfo& {
    return of_functions.getResult<llvm::TargetLibraryAnalysis>(function);
  });
  std::optional<PollEmitter> polls;
  for (llvm::Function* function : functions) {
    mark_as_polled(*function);
    PollPlan plan = place_polls(*function, recursion, length, of_functions);
    if (plan.tests.empty() && plan.chunks.empty()) continue;
    if (!polls.has_value()) polls.emplace(module);
    auto* evolution = of_functions.getCachedResult<llvm::ScalarEvolutionAnalysis>(*function);
    emit(plan, *polls, evolution);
    forget_effects(*function);
    of_functions.invalidate(*function, llvm::PreservedAnalyses::none());
  }
  return llvm::PreservedAnalyses::none();
}

}  // namespace fibersan::instrument
