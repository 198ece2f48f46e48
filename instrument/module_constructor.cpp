// module_constructor.cpp: the constructor and the symbol it refers to.
#include "instrument/module_constructor.h"

#include "detector/abi/hooks.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace fibersan::instrument {
namespace {

constexpr const char* kAdvice =
    "FiberSan is not linked in: link with the same --config=fibersan.cfg";

// In code, because --gc-sections drops a data word that nobody uses before its symbol is
// missed.
void refer_to_advice(llvm::IRBuilder<>& builder, llvm::Module& module) {
  llvm::Value* symbol = module.getOrInsertGlobal(kAdvice, builder.getInt8Ty());
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, false);
  builder.CreateCall(llvm::InlineAsm::get(type, "", "r", /*hasSideEffects=*/true), {symbol});
}

}  // namespace

void emit_module_constructor(HookTable& hooks, llvm::Module& module, unsigned checked_functions) {
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(module.getContext()), false);
  auto* constructor = llvm::Function::createWithDefaultAttr(
      type, llvm::GlobalValue::InternalLinkage, 0, "fibersan.module_ctor", &module);
  constructor->setDoesNotThrow();
  constructor->addFnAttr(llvm::Attribute::DisableSanitizerInstrumentation);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.getContext(), "entry", constructor));
  refer_to_advice(builder, module);
  hooks.call(builder, Hook::module_loaded,
             {builder.getInt32(FSAN_ABI_VERSION), builder.getInt32(checked_functions)});
  builder.CreateRetVoid();
  llvm::appendToGlobalCtors(module, constructor, /*Priority=*/0);
}

}  // namespace fibersan::instrument
