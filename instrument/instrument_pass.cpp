// instrument_pass.cpp: the pass reads as its list of steps: select, prune, emit.
#include "instrument/instrument_pass.h"

#include "instrument/access_selection.h"
#include "instrument/atomic_operations.h"
#include "instrument/calling_context.h"
#include "instrument/check_emitter.h"
#include "instrument/check_merging.h"
#include "instrument/check_pruning.h"
#include "instrument/debug_location.h"
#include "instrument/eliminations.h"
#include "instrument/function_filter.h"
#include "instrument/inline_copies.h"
#include "instrument/instrumentation_note.h"
#include "instrument/libatomic_calls.h"
#include "instrument/libc_calls.h"
#include "instrument/loop_checks.h"
#include "instrument/memory_ranges.h"
#include "instrument/module_constructor.h"
#include "instrument/other_instrumentation.h"
#include "instrument/prefetches.h"
#include "instrument/release_summary.h"
#include "instrument/static_guards.h"
#include "llvm/ADT/STLExtras.h"

namespace fibersan::instrument {
namespace {

bool calls_want_context(const FunctionPlan& plan) {
  return llvm::any_of(plan.calls, [](llvm::CallBase* call) { return wants_context(*call); });
}

bool checks_want_context(const FunctionPlan& plan) {
  return !plan.accesses.empty() || !plan.ranges.empty() || !plan.scattered.empty() ||
         !plan.atomics.empty() || !plan.libatomic_calls.empty();
}

void instrument(llvm::Function& function, const ReleaseSummary& summary, HookTable& hooks,
                RunningState& state, llvm::FunctionAnalysisManager& analyses,
                Statistics& statistics) {
  mark_as_instrumented(function);
  FunctionPlan plan = select_accesses(function, statistics);
  prune_checks(plan.accesses, summary, statistics);
  merge_checks(plan.accesses, summary, statistics);
  move_checks_out_of_loops(function, plan, summary, analyses, statistics);

  // It now touches shadow and context, whatever the optimiser concluded before.
  function.removeFnAttr(llvm::Attribute::Memory);
  function.removeFnAttr(llvm::Attribute::Speculatable);

  const bool has_calls = calls_want_context(plan);
  llvm::Value* context = nullptr;
  if (has_calls || checks_want_context(plan)) {
    llvm::IRBuilder<> entry(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    entry.SetCurrentDebugLocation(debug_location_near(*entry.GetInsertPoint()));
    context = state.load_context(entry);
    context->setName("context");
  }
  emit_checks(hooks, state, plan, context, has_calls, statistics);
  if (!plan.accesses.empty() || !plan.ranges.empty()) prefetch_shadow(state, function);
  for (const ScatteredAccess& access : plan.scattered) {
    statistics.emitted(CheckForm::kCall, *access.instruction);
    emit_scattered_check(hooks, access, context);
  }
  for (llvm::CallBase* call : plan.guard_calls) emit_guard_call(hooks, *call);
  emit_context(state, plan, context);
  for (llvm::Instruction* atomic : plan.atomics) emit_atomic(hooks, *atomic, context);
  for (llvm::CallBase* call : plan.libatomic_calls) emit_libatomic_call(hooks, *call, context);
  if (context != nullptr && context->use_empty())
    llvm::cast<llvm::Instruction>(context)->eraseFromParent();
}

}  // namespace

llvm::PreservedAnalyses InstrumentPass::run(llvm::Module& module,
                                            llvm::ModuleAnalysisManager& analyses) {
  if (!is_supported(module)) {
    module.getContext().emitError("FiberSan instruments x86-64 ELF code only, not '" +
                                  module.getTargetTriple() + "'");
    return llvm::PreservedAnalyses::all();
  }
  FunctionFilter filter(module);
  std::vector<llvm::Function*> functions;
  for (llvm::Function& function : module)
    if (filter.is_instrumented(function)) functions.push_back(&function);
  const auto checked = static_cast<unsigned>(llvm::count_if(
      functions, [&](const llvm::Function* function) { return filter.is_checked(*function); }));
  emit_instrumentation_note(module, checked);
  if (functions.empty()) return llvm::PreservedAnalyses::none();

  redirect_libc_calls(module, filter);
  const ReleaseSummary summary(module);
  HookTable hooks(module);
  RunningState state(module);
  Statistics statistics;
  auto& of_functions =
      analyses.getResult<llvm::FunctionAnalysisManagerModuleProxy>(module).getManager();
  for (llvm::Function* function : functions) {
    instrument(*function, summary, hooks, state, of_functions, statistics);
    of_functions.clear(*function, function->getName());
  }
  statistics.print(module);
  separate_inline_copies(module, functions);
  emit_module_constructor(hooks, module, checked);
  return llvm::PreservedAnalyses::none();
}

}  // namespace fibersan::instrument
