// atomic_operations.cpp: one function for each kind of atomic instruction.
#include "instrument/atomic_operations.h"

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LowerAtomic.h"

namespace fibersan::instrument {

const SizedHooks kAtomicLoad = {Hook::atomic8_load, Hook::atomic16_load, Hook::atomic32_load,
                                Hook::atomic64_load, Hook::atomic128_load};
const SizedHooks kAtomicStore = {Hook::atomic8_store, Hook::atomic16_store, Hook::atomic32_store,
                                 Hook::atomic64_store, Hook::atomic128_store};
const SizedHooks kAtomicRmw = {Hook::atomic8_rmw, Hook::atomic16_rmw, Hook::atomic32_rmw,
                               Hook::atomic64_rmw, Hook::atomic128_rmw};
const SizedHooks kAtomicCompareExchange = {
    Hook::atomic8_compare_exchange, Hook::atomic16_compare_exchange,
    Hook::atomic32_compare_exchange, Hook::atomic64_compare_exchange,
    Hook::atomic128_compare_exchange};

namespace {

using llvm::IRBuilder;
using llvm::Value;

// Emits for one instruction, whose value has `bits_type` in the hooks.
class AtomicEmitter {
 public:
  AtomicEmitter(HookTable& hooks, llvm::Instruction& instruction, Value* context)
      : hooks_(hooks), instruction_(instruction), builder_(&instruction), context_(context) {
    builder_.SetCurrentDebugLocation(debug_location_near(instruction));
  }

  void load(llvm::LoadInst& load) {
    if (!set_value_type(load.getType())) return;
    Value* bits = call(kAtomicLoad, {load.getPointerOperand(), order(load.getOrdering())});
    replace_by(from_bits(bits));
  }

  void store(llvm::StoreInst& store) {
    if (!set_value_type(store.getValueOperand()->getType())) return;
    call(kAtomicStore,
         {store.getPointerOperand(), to_bits(store.getValueOperand()), order(store.getOrdering())});
    instruction_.eraseFromParent();
  }

  void compare_exchange(llvm::AtomicCmpXchgInst& exchange) {
    if (!set_value_type(exchange.getNewValOperand()->getType())) return;
    Value* expected = to_bits(exchange.getCompareOperand());
    Value* old = call(kAtomicCompareExchange,
                      {exchange.getPointerOperand(), expected, to_bits(exchange.getNewValOperand()),
                       order(exchange.getSuccessOrdering()), order(exchange.getFailureOrdering())});
    Value* pair = llvm::PoisonValue::get(exchange.getType());
    pair = builder_.CreateInsertValue(pair, from_bits(old), 0);
    replace_by(builder_.CreateInsertValue(pair, builder_.CreateICmpEQ(old, expected), 1));
  }

  void read_modify_write(llvm::AtomicRMWInst& rmw) {
    if (!set_value_type(rmw.getType())) return;
    if (std::optional<unsigned> operation = hook_operation(rmw.getOperation())) {
      Value* bits = call(kAtomicRmw, {rmw.getPointerOperand(), to_bits(rmw.getValOperand()),
                                      builder_.getInt32(*operation), order(rmw.getOrdering())});
      replace_by(from_bits(bits));
    } else {
      compare_exchange_loop(rmw);
    }
  }

  void fence(llvm::FenceInst& fence) {
    hooks_.call(builder_, Hook::atomic_fence, {order(fence.getOrdering()), context_});
    instruction_.eraseFromParent();
  }

 private:
  // False for a size that the hooks do not have.
  bool set_value_type(llvm::Type* type) {
    uint64_t size = instruction_.getModule()->getDataLayout().getTypeStoreSize(type);
    if (!llvm::isPowerOf2_64(size) || size > 16) return false;
    value_type_ = type;
    bits_type_ = builder_.getIntNTy(size * 8);
    size_index_ = llvm::Log2_64(size);
    return true;
  }

  Value* to_bits(Value* value) { return builder_.CreateBitOrPointerCast(value, bits_type_); }
  Value* from_bits(Value* bits) { return builder_.CreateBitOrPointerCast(bits, value_type_); }

  Value* order(llvm::AtomicOrdering ordering) {
    return builder_.getInt32(static_cast<uint32_t>(llvm::toCABI(ordering)));
  }

  Value* call(const SizedHooks& hooks, llvm::SmallVector<Value*, 7> arguments) {
    arguments.push_back(context_);
    return hooks_.call(builder_, hooks[size_index_], arguments);
  }

  void replace_by(Value* value) {
    value->takeName(&instruction_);
    instruction_.replaceAllUsesWith(value);
    instruction_.eraseFromParent();
  }

  // old = load; while ((seen = compare_exchange(old, f(old))) != old) old = seen;
  void compare_exchange_loop(llvm::AtomicRMWInst& rmw) {
    Value* relaxed = order(llvm::AtomicOrdering::Monotonic);
    Value* first = call(kAtomicLoad, {rmw.getPointerOperand(), relaxed});
    llvm::BasicBlock* before = rmw.getParent();
    llvm::BasicBlock* after = before->splitBasicBlock(&rmw, "rmw.done");
    auto* loop =
        llvm::BasicBlock::Create(builder_.getContext(), "rmw.loop", before->getParent(), after);
    before->getTerminator()->setSuccessor(0, loop);
    builder_.SetInsertPoint(loop);
    llvm::PHINode* old = builder_.CreatePHI(bits_type_, 2);
    Value* desired = llvm::buildAtomicRMWValue(rmw.getOperation(), builder_, from_bits(old),
                                               rmw.getValOperand());
    Value* seen = call(kAtomicCompareExchange, {rmw.getPointerOperand(), old, to_bits(desired),
                                                order(rmw.getOrdering()), relaxed});
    old->addIncoming(first, before);
    old->addIncoming(seen, builder_.GetInsertBlock());
    builder_.CreateCondBr(builder_.CreateICmpEQ(seen, old), after, loop);
    builder_.SetInsertPoint(&rmw);
    replace_by(from_bits(old));
  }

  HookTable& hooks_;
  llvm::Instruction& instruction_;
  IRBuilder<> builder_;
  Value* context_;
  llvm::Type* value_type_ = nullptr;
  llvm::Type* bits_type_ = nullptr;
  unsigned size_index_ = 0;
};

}  // namespace

std::optional<unsigned> hook_operation(llvm::AtomicRMWInst::BinOp operation) {
  switch (operation) {
    case llvm::AtomicRMWInst::Xchg:
      return FSAN_RMW_EXCHANGE;
    case llvm::AtomicRMWInst::Add:
      return FSAN_RMW_ADD;
    case llvm::AtomicRMWInst::Sub:
      return FSAN_RMW_SUB;
    case llvm::AtomicRMWInst::And:
      return FSAN_RMW_AND;
    case llvm::AtomicRMWInst::Nand:
      return FSAN_RMW_NAND;
    case llvm::AtomicRMWInst::Or:
      return FSAN_RMW_OR;
    case llvm::AtomicRMWInst::Xor:
      return FSAN_RMW_XOR;
    case llvm::AtomicRMWInst::Max:
      return FSAN_RMW_MAX;
    case llvm::AtomicRMWInst::Min:
      return FSAN_RMW_MIN;
    case llvm::AtomicRMWInst::UMax:
      return FSAN_RMW_UMAX;
    case llvm::AtomicRMWInst::UMin:
      return FSAN_RMW_UMIN;
    default:
      return std::nullopt;
  }
}

void emit_atomic(HookTable& hooks, llvm::Instruction& instruction, Value* context) {
  AtomicEmitter emitter(hooks, instruction, context);
  if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
    emitter.load(*load);
  else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
    emitter.store(*store);
  else if (auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction))
    emitter.read_modify_write(*rmw);
  else if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
    emitter.compare_exchange(*exchange);
  else
    emitter.fence(llvm::cast<llvm::FenceInst>(instruction));
}

}  // namespace fibersan::instrument
