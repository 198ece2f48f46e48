// static_guards.cpp: hooks around the calls that the C++ ABI prescribes.
#include "instrument/static_guards.h"

#include "instrument/debug_location.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

llvm::StringRef name_of_callee(const llvm::CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  return callee == nullptr ? "" : callee->getName();
}

llvm::Instruction* after(llvm::CallBase& call) {
  if (auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(&call)) {
    llvm::BasicBlock* edge = llvm::SplitEdge(invoke->getParent(), invoke->getNormalDest());
    return &*edge->getFirstInsertionPt();
  }
  return call.getNextNode();
}

}  // namespace

bool is_guard_call(const llvm::CallBase& call) {
  llvm::StringRef name = name_of_callee(call);
  return call.arg_size() == 1 && call.getArgOperand(0)->getType()->isPointerTy() &&
         (name == "__cxa_guard_acquire" || name == "__cxa_guard_release" ||
          name == "__cxa_guard_abort");
}

void emit_guard_call(HookTable& hooks, llvm::CallBase& call) {
  bool is_acquire = name_of_callee(call) == "__cxa_guard_acquire";
  llvm::DebugLoc location = debug_location_near(call);
  llvm::IRBuilder<> builder(is_acquire ? after(call) : &call);
  builder.SetCurrentDebugLocation(location);
  hooks.call(builder, is_acquire ? Hook::acquire : Hook::release, {call.getArgOperand(0)});
}

}  // namespace fibersan::instrument
