#include "instrument/poll.h"

#include "instrument/debug_location.h"
#include "instrument/thread_address.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Support/ModRef.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::Value;

constexpr const char* kRequested = "__fiber_preempt_requested";
constexpr const char* kPreempt = "__fiber_preempt";

llvm::GlobalVariable* requested_in(llvm::Module& module) {
  llvm::Type* byte = llvm::Type::getInt8Ty(module.getContext());
  auto* variable = llvm::cast<llvm::GlobalVariable>(module.getOrInsertGlobal(kRequested, byte));
  variable->setThreadLocalMode(llvm::GlobalValue::InitialExecTLSModel);
  // The runtime is linked statically into the executable.
  variable->setDSOLocal(is_for_executable(module));
  return variable;
}

llvm::Function* preempt_in(llvm::Module& module) {
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(module.getContext()), false);
  auto* function =
      llvm::cast<llvm::Function>(module.getOrInsertFunction(kPreempt, type).getCallee());
  function->setCallingConv(llvm::CallingConv::PreserveMost);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::Cold);
  function->setDSOLocal(is_for_executable(module));
  return function;
}

}  // namespace

PollEmitter::PollEmitter(llvm::Module& module)
    : module_(module), requested_(requested_in(module)), preempt_(preempt_in(module)) {}

Value* PollEmitter::request(llvm::IRBuilder<>& builder) {
  llvm::Type* i8 = builder.getInt8Ty();
  llvm::InlineAsm* test;
  if (is_for_executable(module_)) {
    test = llvm::InlineAsm::get(llvm::FunctionType::get(i8, {builder.getPtrTy()}, false),
                                "cmpb $$0, %fs:${1:P}@tpoff", "={@ccne},^Ws,~{dirflag},~{fpsr}",
                                /*hasSideEffects=*/true);
  } else {
    auto* results = llvm::StructType::get(i8, builder.getInt64Ty());
    test = llvm::InlineAsm::get(llvm::FunctionType::get(results, {builder.getPtrTy()}, false),
                                "movq ${2:P}@gottpoff(%rip), $1\n\tcmpb $$0, %fs:($1)",
                                "={@ccne},=&r,^Ws,~{dirflag},~{fpsr}", /*hasSideEffects=*/true);
  }
  llvm::CallInst* call = builder.CreateCall(test, {requested_});
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  Value* flag = call->getType()->isStructTy() ? builder.CreateExtractValue(call, 0) : call;
  return builder.CreateTrunc(flag, builder.getInt1Ty(), "preempt.requested");
}

void PollEmitter::emit_before(llvm::Instruction& place) {
  llvm::DebugLoc location = debug_location_near(place);
  llvm::IRBuilder<> builder(&place);
  builder.SetCurrentDebugLocation(location);
  llvm::Instruction* cold = llvm::SplitBlockAndInsertIfThen(
      request(builder), &place, /*Unreachable=*/false,
      llvm::MDBuilder(module_.getContext()).createUnlikelyBranchWeights());
  llvm::IRBuilder<> cold_builder(cold);
  cold_builder.SetCurrentDebugLocation(location);
  llvm::CallInst* call = cold_builder.CreateCall(preempt_);
  call->setCallingConv(llvm::CallingConv::PreserveMost);
  call->setDoesNotThrow();
}

bool is_poll(const llvm::CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  return callee != nullptr && callee->getName() == kPreempt;
}

}  // namespace fibersan::instrument
