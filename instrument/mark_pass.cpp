// mark_pass.cpp: attributes only.
#include "instrument/mark_pass.h"

#include "instrument/function_filter.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

constexpr const char* kReturnsThreadAddress[] = {
    "__errno_location", "__h_errno_location",  "__ctype_b_loc",          "__ctype_tolower_loc",
    "pthread_self",     "__ctype_toupper_loc", "__cxa_get_globals_fast", "__cxa_get_globals"};

void forbid_keeping_result(llvm::Function& function) {
  function.removeFnAttr(llvm::Attribute::Memory);
  for (llvm::User* user : function.users())
    if (auto* call = llvm::dyn_cast<llvm::CallBase>(user))
      call->removeFnAttr(llvm::Attribute::Memory);
}

}  // namespace

llvm::PreservedAnalyses MarkPass::run(llvm::Module& module, llvm::ModuleAnalysisManager&) {
  FunctionFilter filter(module);
  for (llvm::Function& function : module)
    if (filter.is_user_code(function)) function.addFnAttr(llvm::Attribute::SanitizeThread);
  for (const char* name : kReturnsThreadAddress)
    if (llvm::Function* function = module.getFunction(name)) forbid_keeping_result(*function);
  return llvm::PreservedAnalyses::none();
}

}  // namespace fibersan::instrument
