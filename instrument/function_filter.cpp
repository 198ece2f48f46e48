// function_filter.cpp: every rule in one list.
#include "instrument/function_filter.h"

namespace fibersan::instrument {

FunctionFilter::FunctionFilter(const llvm::Module& module) {
  for (const llvm::GlobalIFunc& ifunc : module.ifuncs())
    if (const llvm::Function* resolver = ifunc.getResolverFunction())
      ifunc_resolvers_.insert(resolver);
}

bool FunctionFilter::is_user_code(const llvm::Function& function) const {
  return !function.isDeclaration() &&
         !function.hasFnAttribute(llvm::Attribute::DisableSanitizerInstrumentation) &&
         !function.hasFnAttribute(llvm::Attribute::Naked) &&
         !function.getName().starts_with("__fsan_") &&
         !function.getName().starts_with("fibersan.") &&
         !function.getName().starts_with("__llvm_") &&
         function.getName() != "__clang_call_terminate" && !ifunc_resolvers_.contains(&function);
}

bool FunctionFilter::is_instrumented(const llvm::Function& function) const {
  return is_user_code(function) && !function.hasAvailableExternallyLinkage();
}

}  // namespace fibersan::instrument
