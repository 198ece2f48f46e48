// function_filter.cpp: every rule in one list.
#include "instrument/function_filter.h"

#include "instrument/other_instrumentation.h"
#include "llvm/TargetParser/Triple.h"

namespace fibersan::instrument {

bool is_supported(const llvm::Module& module) {
  llvm::Triple triple(module.getTargetTriple());
  // No triple at all: IR written by hand.
  return module.getTargetTriple().empty() ||
         (triple.getArch() == llvm::Triple::x86_64 && triple.isOSBinFormatELF() && !triple.isX32());
}

FunctionFilter::FunctionFilter(const llvm::Module& module) {
  for (const llvm::GlobalIFunc& ifunc : module.ifuncs())
    if (const llvm::Function* resolver = ifunc.getResolverFunction())
      ifunc_resolvers_.insert(resolver);
}

bool FunctionFilter::is_checked(const llvm::Function& function) const {
  return is_of_program(function) &&
         !function.hasFnAttribute(llvm::Attribute::DisableSanitizerInstrumentation);
}

bool FunctionFilter::takes_polls(const llvm::Function& function) const {
  return is_of_program(function) && !function.hasAvailableExternallyLinkage() &&
         !function.isPresplitCoroutine() && !is_polled_already(function);
}

bool FunctionFilter::is_of_program(const llvm::Function& function) const {
  return !function.isDeclaration() && !function.hasFnAttribute(llvm::Attribute::Naked) &&
         function.getCallingConv() != llvm::CallingConv::X86_INTR &&
         !function.getName().starts_with("__fsan_") &&
         !function.getName().starts_with("fibersan.") &&
         !function.getName().starts_with("__llvm_") &&
         function.getName() != "__clang_call_terminate" && !ifunc_resolvers_.contains(&function);
}

bool FunctionFilter::is_instrumented(const llvm::Function& function) const {
  return is_of_program(function) && !function.hasAvailableExternallyLinkage() &&
         !is_instrumented_already(function);
}

}  // namespace fibersan::instrument
