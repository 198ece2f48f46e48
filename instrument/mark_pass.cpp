// mark_pass.cpp: the two lists of steps.
#include "instrument/mark_pass.h"

#include "instrument/function_filter.h"
#include "instrument/ignore_list.h"
#include "instrument/library_orders.h"
#include "instrument/other_instrumentation.h"
#include "instrument/static_guards.h"
#include "instrument/thread_local_repair.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

llvm::PreservedAnalyses MarkPass::run(llvm::Module& module, llvm::ModuleAnalysisManager&) {
  refuse_other_sanitizers(module);
  refuse_other_stacks(module);
  FunctionFilter filter(module);
  mark_ignored_functions(module, filter);
  for (llvm::Function& function : module)
    if (filter.is_checked(function)) function.addFnAttr(llvm::Attribute::SanitizeThread);
  order_thread_local_guards(module);
  repair_library_orders(module);
  repair_thread_locals(module);
  return llvm::PreservedAnalyses::none();
}

llvm::PreservedAnalyses RepairPass::run(llvm::Module& module, llvm::ModuleAnalysisManager&) {
  if (!is_supported(module)) {
    module.getContext().emitError("fibers need polls, which exist for x86-64 ELF code only, not '" +
                                  module.getTargetTriple() + "'");
    return llvm::PreservedAnalyses::all();
  }
  refuse_other_stacks(module);
  repair_thread_locals(module);
  return llvm::PreservedAnalyses::none();
}

}  // namespace fibersan::instrument
