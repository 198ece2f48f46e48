// calling_context.cpp: stores around calls and returns.
#include "instrument/calling_context.h"

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "instrument/libc_calls.h"
#include "instrument/poll.h"
#include "instrument/thread_address.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/xxhash.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

// 31 bits fit an immediate operand. Two sites with one id only matter in one function.
uint64_t site_id(const llvm::Function& function, unsigned number) {
  std::string key = (function.getParent()->getSourceFileName() + "\n" + function.getName() + "\n" +
                     llvm::Twine(number))
                        .str();
  return llvm::xxh3_64bits(key) & 0x7fffffff;
}

// What all calls of a function have in common.
Value* mix(Value* context) {
  IRBuilder<> builder(llvm::cast<llvm::Instruction>(context)->getNextNode());
  builder.SetCurrentDebugLocation(debug_location_near(*builder.GetInsertPoint()));
  Value* product = builder.CreateMul(context, builder.getInt64(FSAN_CONTEXT_MULTIPLIER));
  return builder.CreateIntrinsic(llvm::Intrinsic::fshl, {builder.getInt64Ty()},
                                 {product, product, builder.getInt64(FSAN_CONTEXT_ROTATE)});
}

// The callee now reads and writes memory that its attributes do not speak of.
void forget_memory_effects(llvm::CallBase& call) {
  call.removeFnAttr(llvm::Attribute::Memory);
  call.removeFnAttr(llvm::Attribute::Speculatable);
  if (llvm::Function* callee = call.getCalledFunction()) {
    callee->removeFnAttr(llvm::Attribute::Memory);
    callee->removeFnAttr(llvm::Attribute::Speculatable);
  }
}

}  // namespace

bool wants_context(const llvm::CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return true;
  if (is_libc_twin(*callee)) return true;
  if (callee->isIntrinsic() || callee->getName().starts_with("__fsan_")) return false;
  if (is_poll(call) || is_thread_address(call)) return false;
  // Nothing to report on in a function that touches no memory.
  return !(callee->isDeclaration() && call.doesNotAccessMemory());
}

void emit_context(RunningState& state, const FunctionPlan& plan, Value* entry_context) {
  Value* mixed = nullptr;
  unsigned number = 0;
  for (llvm::CallBase* call : plan.calls) {
    if (!wants_context(*call)) continue;
    forget_memory_effects(*call);
    IRBuilder<> builder(call);
    builder.SetCurrentDebugLocation(debug_location_near(*call));
    if (call->isMustTailCall()) {
      state.store_context(builder, entry_context);
    } else {
      uint64_t site = site_id(*call->getFunction(), number++);
      if (mixed == nullptr) mixed = mix(entry_context);
      state.store_context(builder, builder.CreateAdd(mixed, builder.getInt64(site)));
    }
  }
  if (mixed == nullptr) return;
  for (llvm::ReturnInst* result : plan.returns) {
    if (result->getParent()->getTerminatingMustTailCall() != nullptr) continue;
    IRBuilder<> builder(result);
    builder.SetCurrentDebugLocation(debug_location_near(*result));
    state.store_context(builder, entry_context);
  }
}

}  // namespace fibersan::instrument
