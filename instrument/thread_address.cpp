// thread_address.cpp: one form for each way in which the linker finds the variable.
#include "instrument/thread_address.h"

#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/ModRef.h"

namespace fibersan::instrument {
namespace {

using llvm::GlobalValue;
using llvm::Value;

constexpr const char* kThreadPointer = "movq %fs:0, $0";
// Offsets by the linker: a constant, or a word that another module's variable needs.
constexpr const char* kLocalExec = "movq %fs:0, $0\n\tleaq ${1:P}@tpoff($0), $0";
constexpr const char* kInitialExec = "movq %fs:0, $0\n\taddq ${1:P}@gottpoff(%rip), $0";
constexpr const char* kFunctionPrefix = "fibersan.thread_local.";

bool is_found_by_call(const GlobalValue& variable) {
  const llvm::Module& module = *variable.getParent();
  if (module.getCodeModel() == llvm::CodeModel::Large) return true;
  if (is_for_executable(module)) return false;
  GlobalValue::ThreadLocalMode mode = variable.getThreadLocalMode();
  return mode == GlobalValue::GeneralDynamicTLSModel || mode == GlobalValue::LocalDynamicTLSModel;
}

llvm::CallInst* emit(llvm::IRBuilder<>& builder, const char* code, llvm::ArrayRef<Value*> operands,
                     const char* constraints) {
  llvm::SmallVector<llvm::Type*, 1> types;
  for (Value* operand : operands) types.push_back(operand->getType());
  auto* type = llvm::FunctionType::get(builder.getPtrTy(), types, false);
  auto* assembly = llvm::InlineAsm::get(type, code, constraints, /*hasSideEffects=*/true);
  llvm::CallInst* call = builder.CreateCall(assembly, operands);
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  return call;
}

}  // namespace

bool is_for_executable(const llvm::Module& module) {
  return module.getPICLevel() == llvm::PICLevel::NotPIC ||
         module.getPIELevel() != llvm::PIELevel::Default;
}

Value* ThreadAddress::of(llvm::IRBuilder<>& builder, GlobalValue& variable) {
  if (is_found_by_call(variable)) {
    llvm::CallInst* call = builder.CreateCall(function_for(variable));
    call->setDoesNotThrow();
    return call;
  }
  bool is_near = variable.getThreadLocalMode() == GlobalValue::LocalExecTLSModel ||
                 (is_for_executable(module_) && variable.isDSOLocal());
  return emit(builder, is_near ? kLocalExec : kInitialExec, {&variable},
              "=r,^Ws,~{dirflag},~{fpsr},~{flags}");
}

Value* ThreadAddress::thread_pointer(llvm::IRBuilder<>& builder) {
  return emit(builder, kThreadPointer, {}, "=r");
}

// The assembly in it, with unknown effects, keeps every analysis of the callee from
// concluding that two calls return the same.
llvm::Function* ThreadAddress::function_for(GlobalValue& variable) {
  llvm::Function*& function = functions_[&variable];
  if (function != nullptr) return function;
  llvm::LLVMContext& context = module_.getContext();
  auto* type = llvm::FunctionType::get(llvm::PointerType::get(context, 0), false);
  function = llvm::Function::createWithDefaultAttr(type, GlobalValue::InternalLinkage, 0,
                                                   kFunctionPrefix + variable.getName(), &module_);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addFnAttr(llvm::Attribute::DisableSanitizerInstrumentation);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", function));
  auto* nothing = llvm::FunctionType::get(builder.getVoidTy(), false);
  builder.CreateCall(llvm::InlineAsm::get(nothing, "", "~{memory}", /*hasSideEffects=*/true));
  builder.CreateRet(builder.CreateThreadLocalAddress(&variable));
  return function;
}

bool is_thread_address(const llvm::CallBase& call) {
  if (auto* assembly = llvm::dyn_cast<llvm::InlineAsm>(call.getCalledOperand()))
    return assembly->hasSideEffects() &&
           llvm::StringRef(assembly->getAsmString()).starts_with(kThreadPointer);
  const llvm::Function* callee = call.getCalledFunction();
  return callee != nullptr && callee->getName().starts_with(kFunctionPrefix);
}

}  // namespace fibersan::instrument
