// static_guards.cpp: hooks around the calls that the C++ ABI prescribes.
#include "instrument/static_guards.h"

#include "instrument/debug_location.h"
#include "llvm/IR/CFG.h"
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

// Where the path around the constructors and the one through them meet; null: not a guard.
llvm::BasicBlock* behind_constructors(const llvm::LoadInst& load) {
  for (const llvm::User* user : load.users()) {
    auto* compare = llvm::dyn_cast<llvm::ICmpInst>(user);
    if (compare == nullptr || compare->getPredicate() != llvm::CmpInst::ICMP_EQ) continue;
    for (const llvm::User* decision : compare->users()) {
      auto* branch = llvm::dyn_cast<llvm::BranchInst>(decision);
      if (branch != nullptr && branch->isConditional()) return branch->getSuccessor(1);
    }
  }
  return nullptr;
}

bool is_thread_guard(const llvm::Value* address) {
  auto* guard = llvm::dyn_cast<llvm::GlobalVariable>(address);
  return guard != nullptr && guard->isThreadLocal() &&
         (guard->getName() == "__tls_guard" || guard->getName().starts_with("_ZGV"));
}

void emit_on_guard(HookTable& hooks, Hook hook, llvm::Instruction* place, llvm::Value* guard) {
  llvm::IRBuilder<> builder(place);
  builder.SetCurrentDebugLocation(debug_location_near(*place));
  hooks.call(builder, hook, {builder.CreateThreadLocalAddress(guard)});
}

void order_guard(HookTable& hooks, llvm::LoadInst& load) {
  llvm::Value* guard = load.getPointerOperand();
  llvm::BasicBlock* after = behind_constructors(load);
  if (after == nullptr) return;
  for (llvm::BasicBlock* before : llvm::predecessors(after)) {
    if (before != load.getParent())
      emit_on_guard(hooks, Hook::release, before->getTerminator(), guard);
  }
  emit_on_guard(hooks, Hook::acquire, &*after->getFirstInsertionPt(), guard);
}

}  // namespace

void order_thread_local_guards(llvm::Module& module) {
  HookTable hooks(module);
  for (llvm::GlobalVariable& variable : module.globals()) {
    if (!is_thread_guard(&variable)) continue;
    llvm::SmallVector<llvm::LoadInst*, 4> loads;
    for (llvm::User* user : variable.users()) {
      if (auto* load = llvm::dyn_cast<llvm::LoadInst>(user)) loads.push_back(load);
    }
    for (llvm::LoadInst* load : loads) order_guard(hooks, *load);
  }
}

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
