// counted_loop.cpp: recognises the loop, computes chunks, changes the edges.
#include "instrument/counted_loop.h"

#include <algorithm>

#include "instrument/debug_location.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::CmpInst;
using llvm::IRBuilder;
using llvm::PHINode;
using llvm::Value;

// The comparison ends the loop on the side to which the counter moves.
bool is_towards_limit(CmpInst::Predicate goes_on, int64_t step) {
  switch (goes_on) {
    case CmpInst::ICMP_NE:
      return true;
    case CmpInst::ICMP_ULT:
    case CmpInst::ICMP_ULE:
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_SLE:
      return step > 0;
    case CmpInst::ICMP_UGT:
    case CmpInst::ICMP_UGE:
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_SGE:
      return step < 0;
    default:
      return false;
  }
}

unsigned bits_of(const CountedLoop& loop) {
  llvm::Type* type = loop.counter->getType();
  return type->isPointerTy() ? 64 : type->getIntegerBitWidth();
}

uint64_t magnitude(int64_t step) { return step < 0 ? -static_cast<uint64_t>(step) : step; }

// The end of a chunk that begins at `from`: C1 and C2. `is_certain`: from goes_on limit.
Value* chunk_end(IRBuilder<>& builder, const CountedLoop& loop, Value* from, bool is_certain,
                 uint64_t iterations) {
  bool is_pointer = from->getType()->isPointerTy();
  llvm::Type* number = is_pointer ? builder.getInt64Ty() : from->getType();
  Value* length = llvm::ConstantInt::get(number, iterations * magnitude(loop.step));
  Value* at = is_pointer ? builder.CreatePtrToInt(from, number) : from;
  Value* end = is_pointer ? builder.CreatePtrToInt(loop.limit, number) : loop.limit;
  bool is_upwards = loop.step > 0;
  // Modulo the width: how far it is to the limit in the direction of the step.
  Value* distance = is_upwards ? builder.CreateSub(end, at) : builder.CreateSub(at, end);
  Value* is_near = builder.CreateICmpULE(distance, length);
  if (!is_certain && loop.goes_on != CmpInst::ICMP_NE)
    is_near = builder.CreateOr(
        is_near, builder.CreateICmp(CmpInst::getInversePredicate(loop.goes_on), from, loop.limit));
  Value* offset = is_upwards ? length : builder.CreateNeg(length);
  Value* far = is_pointer ? builder.CreateGEP(builder.getInt8Ty(), from, offset)
                          : builder.CreateAdd(from, offset);
  return builder.CreateSelect(is_near, loop.limit, far, "chunk");
}

}  // namespace

std::optional<CountedLoop> counted_loop(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  BasicBlock* latch = loop.getLoopLatch();
  BasicBlock* preheader = loop.getLoopPreheader();
  if (latch == nullptr || preheader == nullptr || !loop.isLoopExiting(latch)) return {};
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(latch->getTerminator());
  auto* compare = branch == nullptr || !branch->isConditional()
                      ? nullptr
                      : llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr) return {};

  CountedLoop result = {};
  result.latch = branch;
  result.entry = preheader->getTerminator();
  result.header = loop.getHeader();
  result.goes_on = branch->getSuccessor(0) == result.header ? compare->getPredicate()
                                                            : compare->getInversePredicate();
  result.counter = compare->getOperand(0);
  result.limit = compare->getOperand(1);
  if (loop.isLoopInvariant(result.counter)) {
    std::swap(result.counter, result.limit);
    result.goes_on = CmpInst::getSwappedPredicate(result.goes_on);
  }
  llvm::Type* type = result.counter->getType();
  if (!loop.isLoopInvariant(result.limit) || !evolution.isSCEVable(type) ||
      (type->isPointerTy() ? type->getPointerAddressSpace() != 0 : type->getIntegerBitWidth() > 64))
    return {};

  auto* counter = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(result.counter));
  if (counter == nullptr || counter->getLoop() != &loop || !counter->isAffine()) return {};
  auto* step = llvm::dyn_cast<llvm::SCEVConstant>(counter->getStepRecurrence(evolution));
  if (step == nullptr || step->isZero() || step->getAPInt().getSignificantBits() > 32) return {};
  result.step = step->getAPInt().getSExtValue();
  // A loop that passes its limit may run for ever; no chunk would end.
  if (!is_towards_limit(result.goes_on, result.step) ||
      llvm::isa<llvm::SCEVCouldNotCompute>(evolution.getExitCount(&loop, latch)))
    return {};

  result.start = counter->getStart();
  result.outermost_entry = result.entry;
  for (llvm::Loop* around = loop.getParentLoop(); around != nullptr;
       around = around->getParentLoop()) {
    BasicBlock* before = around->getLoopPreheader();
    if (before == nullptr || !around->isLoopInvariant(result.limit) ||
        !evolution.isLoopInvariant(result.start, around))
      break;
    result.outermost_entry = before->getTerminator();
  }
  llvm::SCEVExpander expander(evolution, evolution.getDataLayout(), "chunk");
  if (!expander.isSafeToExpandAt(result.start, result.outermost_entry)) return {};
  result.is_guarded = evolution.isLoopEntryGuardedByCond(&loop, result.goes_on, result.start,
                                                         evolution.getSCEV(result.limit));
  return result;
}

uint64_t possible_chunk(const CountedLoop& loop, uint64_t wanted) {
  uint64_t largest_length = (uint64_t{1} << (bits_of(loop) - 1)) - 1;
  return std::min(wanted, largest_length / magnitude(loop.step));
}

Value* emit_first_chunk(const CountedLoop& loop, uint64_t iterations,
                        llvm::ScalarEvolution& evolution) {
  llvm::SCEVExpander expander(evolution, evolution.getDataLayout(), "chunk");
  Value* start = expander.expandCodeFor(loop.start, loop.counter->getType(), loop.outermost_entry);
  IRBuilder<> builder(loop.outermost_entry);
  // What holds on entry need not hold further out, where the loop may not be reached.
  bool is_certain = loop.is_guarded && loop.entry == loop.outermost_entry;
  return chunk_end(builder, loop, start, is_certain, iterations);
}

void strip_mine(const CountedLoop& loop, Value* first_chunk, uint64_t iterations,
                PollEmitter& polls) {
  BasicBlock* latch = loop.latch->getParent();
  BasicBlock* entry = loop.entry->getParent();
  BasicBlock* exit = loop.latch->getSuccessor(loop.latch->getSuccessor(0) == loop.header ? 1 : 0);
  llvm::LLVMContext& context = latch->getContext();
  llvm::Function* function = latch->getParent();
  BasicBlock* outer = BasicBlock::Create(context, "chunk.begin", function, loop.header);
  BasicBlock* strip = BasicBlock::Create(context, "chunk.end", function, exit);
  BasicBlock* poll = BasicBlock::Create(context, "chunk.poll", function, exit);
  llvm::DebugLoc location = debug_location_near(*loop.latch);

  IRBuilder<> outer_builder(outer);
  outer_builder.SetCurrentDebugLocation(location);
  PHINode* chunk = outer_builder.CreatePHI(loop.counter->getType(), 2, "chunk");
  for (PHINode& phi : loop.header->phis()) {
    PHINode* around = outer_builder.CreatePHI(phi.getType(), 2);
    around->addIncoming(phi.getIncomingValueForBlock(entry), entry);
    around->addIncoming(phi.getIncomingValueForBlock(latch), poll);
    int from_entry = phi.getBasicBlockIndex(entry);
    phi.setIncomingBlock(from_entry, outer);
    phi.setIncomingValue(from_entry, around);
  }
  outer_builder.CreateBr(loop.header);
  loop.entry->replaceSuccessorWith(loop.header, outer);

  IRBuilder<> latch_builder(loop.latch);
  latch_builder.SetCurrentDebugLocation(location);
  Value* goes_on = latch_builder.CreateICmp(loop.goes_on, loop.counter, chunk);
  if (loop.latch->getSuccessor(0) != loop.header) loop.latch->swapSuccessors();
  Value* whole_goes_on = loop.latch->getCondition();
  loop.latch->setCondition(goes_on);
  loop.latch->setSuccessor(1, strip);

  IRBuilder<> strip_builder(strip);
  strip_builder.SetCurrentDebugLocation(location);
  if (auto* old = llvm::dyn_cast<llvm::Instruction>(whole_goes_on);
      old != nullptr && old->use_empty())
    old->eraseFromParent();
  strip_builder.CreateCondBr(strip_builder.CreateICmp(loop.goes_on, loop.counter, loop.limit), poll,
                             exit, llvm::MDBuilder(context).createUnlikelyBranchWeights());
  exit->replacePhiUsesWith(latch, strip);

  IRBuilder<> poll_builder(poll);
  poll_builder.SetCurrentDebugLocation(location);
  Value* next = chunk_end(poll_builder, loop, loop.counter, /*is_certain=*/true, iterations);
  llvm::BranchInst* back = poll_builder.CreateBr(outer);
  chunk->addIncoming(first_chunk, entry);
  chunk->addIncoming(next, poll);
  polls.emit_before(*back);
}

}  // namespace fibersan::instrument
