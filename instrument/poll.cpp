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
constexpr const char* kNear = "movzbl %fs:${1:P}@tpoff, $0";
constexpr const char* kFar = "movq ${1:P}@gottpoff(%rip), ${0:q}\n\tmovzbl %fs:(${0:q}), $0";
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
  auto* type = llvm::FunctionType::get(builder.getInt32Ty(), {builder.getPtrTy()}, false);
  bool is_near = is_for_executable(module_);
  auto* load = llvm::InlineAsm::get(type, is_near ? kNear : kFar, is_near ? "=r,^Ws" : "=&r,^Ws",
                                    /*hasSideEffects=*/true);
  llvm::CallInst* call = builder.CreateCall(load, {requested_});
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  return builder.CreateICmpNE(call, builder.getInt32(0), "preempt.requested");
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
