// speculation.cpp: looks for what the passes look for, without their proofs.
#include "instrument/speculation.h"

#include "instrument/access_selection.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/Analysis/Loads.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/MustExecute.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

namespace fibersan::instrument {

namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::LoadInst;
using llvm::Value;

const llvm::DataLayout& layout_of(const Instruction& instruction) {
  return instruction.getModule()->getDataLayout();
}

// Address and size of a plain load or store.
struct Access {
  const Value* pointer = nullptr;
  const llvm::Type* type = nullptr;
};

Access access_of(const Instruction& instruction) {
  if (auto* load = llvm::dyn_cast<LoadInst>(&instruction))
    if (!load->isAtomic()) return {load->getPointerOperand(), load->getType()};
  if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
    if (!store->isAtomic())
      return {store->getPointerOperand(), store->getValueOperand()->getType()};
  return {};
}

// An access of `pointer` always comes before the load, and nothing between the two.
bool is_accessed_before(const Value* pointer, const LoadInst& load) {
  constexpr int kFar = 64;
  int seen = 0;
  const Instruction* at = &load;
  while (true) {
    const Instruction* before = at->getPrevNode();
    if (before == nullptr) {
      const BasicBlock* only = at->getParent()->getSinglePredecessor();
      if (only == nullptr || only == load.getParent()) return false;
      before = only->getTerminator();
    }
    at = before;
    const Access access = access_of(*at);
    if (access.pointer == pointer && access.type == load.getType()) return true;
    if (may_synchronise(*at) || ++seen > kFar) return false;
  }
}

// LLVM might take the memory for readable at any time, and others might write to it.
bool is_readable_and_shared(const Value* pointer, const LoadInst& load) {
  const Value* object = llvm::getUnderlyingObject(pointer);
  if (auto* local = llvm::dyn_cast<llvm::AllocaInst>(object))
    return llvm::PointerMayBeCaptured(local, /*ReturnCaptures=*/false, /*StoreCaptures=*/true);
  if (auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(object))
    return !variable->isConstant() && !is_accessed_before(pointer, load);
  bool can_be_null = false;
  bool can_be_freed = false;
  return object->getPointerDereferenceableBytes(layout_of(load), can_be_null, can_be_freed) > 0 &&
         !is_accessed_before(pointer, load);
}

// Through the offsets that InstCombine moves into a choice.
const Value* without_offsets(const Value* pointer) {
  while (auto* offset = llvm::dyn_cast<llvm::GEPOperator>(pointer))
    pointer = offset->getPointerOperand();
  return pointer;
}

// A block that surely leads here has nothing to speculate.
bool leads_elsewhere(const BasicBlock& block) {
  return block.getTerminator()->getNumSuccessors() > 1;
}

const llvm::Argument* argument_of(const LoadInst& load) {
  llvm::APInt offset(layout_of(load).getIndexTypeSizeInBits(load.getPointerOperandType()), 0);
  return llvm::dyn_cast<llvm::Argument>(
      load.getPointerOperand()->stripAndAccumulateInBoundsConstantOffsets(layout_of(load), offset));
}

// The places that a pointer may choose from: whether one is a local variable that nobody else
// knows, and whether one could be read though it is not chosen.
struct Places {
  bool has_local = false;
  bool has_speculated = false;
};

class Choice {
 public:
  Choice(const LoadInst& load, bool through_merges)
      : load_(load), through_merges_(through_merges) {}

  Places places() {
    add(load_.getPointerOperand(), /*is_surely_chosen=*/false);
    return places_;
  }
  bool is_choice() const { return is_choice_; }

 private:
  void add(const Value* pointer, bool is_surely_chosen) {
    const Value* base = without_offsets(pointer);
    if (auto* choice = llvm::dyn_cast<llvm::SelectInst>(base)) {
      if (!enter(base)) return;
      add(choice->getTrueValue(), false);
      add(choice->getFalseValue(), false);
    } else if (auto* merge = llvm::dyn_cast<llvm::PHINode>(base); merge && through_merges_) {
      if (!enter(base)) return;
      for (unsigned i = 0; i < merge->getNumIncomingValues(); ++i)
        add(merge->getIncomingValue(i), !leads_elsewhere(*merge->getIncomingBlock(i)));
    } else {
      places_.has_local |= llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(base));
      if (is_choice_ && !is_surely_chosen && !places_.has_speculated)
        places_.has_speculated = is_readable_and_shared(pointer, load_);
    }
  }

  bool enter(const Value* base) {
    constexpr unsigned kMany = 16;
    is_choice_ = true;
    if (seen_.size() >= kMany) places_ = {true, true};
    return seen_.size() < kMany && seen_.insert(base).second;
  }

  const LoadInst& load_;
  const bool through_merges_;
  bool is_choice_ = false;
  Places places_;
  llvm::SmallPtrSet<const Value*, 16> seen_;
};

// The pass may first move out of the loop what the value is computed from.
bool is_invariant(const llvm::Loop& loop, const Value* value, int depth = 0) {
  constexpr int kDeep = 8;
  if (loop.isLoopInvariant(value)) return true;
  auto* instruction = llvm::cast<Instruction>(value);
  if (llvm::isa<llvm::PHINode>(instruction) || instruction->mayHaveSideEffects()) return false;
  return depth == kDeep || llvm::all_of(instruction->operands(), [&](const llvm::Use& operand) {
           return is_invariant(loop, operand.get(), depth + 1);
         });
}

}  // namespace

bool reads_one_of_several(const LoadInst& load) {
  return Choice(load, /*through_merges=*/false).places().has_speculated;
}

bool reads_local_or_other(const LoadInst& load) {
  const Places places = Choice(load, /*through_merges=*/true).places();
  return places.has_local && places.has_speculated;
}

Loads conditional_loads(const llvm::Loop& loop, const llvm::DominatorTree& tree) {
  Loads loads;
  llvm::SmallPtrSet<const Value*, 8> unsure;
  for (BasicBlock* block : loop.blocks())
    for (Instruction& instruction : *block)
      if (auto* load = llvm::dyn_cast<LoadInst>(&instruction))
        if (load->isSimple() && is_invariant(loop, load->getPointerOperand())) {
          loads.push_back(load);
          unsure.insert(load->getPointerOperand());
        }
  if (loads.empty()) return loads;
  llvm::ICFLoopSafetyInfo certainty;
  certainty.computeLoopSafetyInfo(&loop);
  for (BasicBlock* block : loop.blocks())
    for (Instruction& instruction : *block) {
      const Value* pointer = access_of(instruction).pointer;
      if (pointer != nullptr && unsure.contains(pointer) &&
          certainty.isGuaranteedToExecute(instruction, &tree, &loop))
        unsure.erase(pointer);
    }
  llvm::erase_if(loads,
                 [&](const LoadInst* load) { return !unsure.contains(load->getPointerOperand()); });
  return loads;
}

Loads conditional_argument_loads(llvm::Function& function) {
  Loads loads;
  llvm::SmallPtrSet<const Value*, 8> surely_read;
  bool is_sure = true;
  for (BasicBlock& block : function) {
    is_sure &= &block == &function.getEntryBlock();
    for (Instruction& instruction : block) {
      auto* load = llvm::dyn_cast<LoadInst>(&instruction);
      if (load != nullptr && load->isSimple() && argument_of(*load) != nullptr) {
        if (is_sure) surely_read.insert(load->getPointerOperand());
        loads.push_back(load);
      }
      is_sure = is_sure && llvm::isGuaranteedToTransferExecutionToSuccessor(&instruction);
    }
  }
  llvm::erase_if(
      loads, [&](const LoadInst* load) { return surely_read.contains(load->getPointerOperand()); });
  return loads;
}

bool is_maskable(const llvm::IntrinsicInst& call) {
  if (call.getIntrinsicID() != llvm::Intrinsic::masked_load) return false;
  auto* mask = llvm::dyn_cast<llvm::Constant>(call.getArgOperand(2));
  return (mask == nullptr || !mask->isAllOnesValue()) &&
         llvm::isDereferenceablePointer(call.getArgOperand(0), call.getType(), layout_of(call),
                                        &call);
}

bool compares_with_constant(const llvm::CallInst& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr || (callee->getName() != "strcmp" && callee->getName() != "strncmp") ||
      call.arg_size() < 2 || call.isNoBuiltin())
    return false;
  llvm::StringRef text;
  return llvm::getConstantStringInfo(call.getArgOperand(0), text) !=
         llvm::getConstantStringInfo(call.getArgOperand(1), text);
}

}  // namespace fibersan::instrument
