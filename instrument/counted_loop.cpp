// counted_loop.cpp: recognises the loop, computes chunks, changes the edges.
#include "instrument/counted_loop.h"

#include <algorithm>

#include "instrument/debug_location.h"
#include "llvm/ADT/STLExtras.h"
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

unsigned bits_of(const CountedLoop& loop) {
  llvm::Type* type = loop.counter->getType();
  return type->isPointerTy() ? 64 : type->getIntegerBitWidth();
}

// The comparison ends the loop on the side to which the counter moves. Sets is_upwards.
bool is_towards_limit(CountedLoop& loop) {
  auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(loop.step);
  bool is_negative = constant != nullptr && constant->getAPInt().isNegative();
  switch (loop.goes_on) {
    case CmpInst::ICMP_NE:
      loop.is_upwards = !is_negative;
      return constant != nullptr;
    case CmpInst::ICMP_ULT:
    case CmpInst::ICMP_ULE:
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_SLE:
      loop.is_upwards = true;
      return constant == nullptr || !is_negative;
    case CmpInst::ICMP_UGT:
    case CmpInst::ICMP_UGE:
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_SGE:
      loop.is_upwards = false;
      return constant == nullptr || is_negative;
    default:
      return false;
  }
}

bool is_own(const llvm::Loop& loop, BasicBlock& block) {
  return llvm::none_of(loop, [&](const llvm::Loop* inner) { return inner->contains(&block); });
}

// The comparison before `exiting` leaves the loop, seen from the inside.
bool set_comparison(CountedLoop& result, llvm::Loop& loop, BasicBlock& exiting) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(exiting.getTerminator());
  if (branch == nullptr || !branch->isConditional()) return false;
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr) return false;
  result.test = branch;
  result.inside = loop.contains(branch->getSuccessor(0)) ? 0 : 1;
  if (!loop.contains(branch->getSuccessor(result.inside))) return false;
  result.goes_on = result.inside == 0 ? compare->getPredicate() : compare->getInversePredicate();
  result.counter = compare->getOperand(0);
  result.limit = compare->getOperand(1);
  if (loop.isLoopInvariant(result.counter)) {
    std::swap(result.counter, result.limit);
    result.goes_on = CmpInst::getSwappedPredicate(result.goes_on);
  }
  llvm::Type* type = result.counter->getType();
  bool is_known_type = type->isPointerTy()
                           ? type->getPointerAddressSpace() == 0
                           : type->isIntegerTy() && type->getIntegerBitWidth() <= 64;
  return is_known_type && loop.isLoopInvariant(result.limit);
}

bool set_steps(CountedLoop& result, llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  auto* counter = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(result.counter));
  if (counter == nullptr || counter->getLoop() != &loop || !counter->isAffine()) return false;
  result.start = counter->getStart();
  result.step = counter->getStepRecurrence(evolution);
  auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(result.step);
  if (constant != nullptr && constant->getAPInt().getSignificantBits() > 32) return false;
  // A loop that passes its limit may run for ever; no chunk would end.
  return !result.step->isZero() && is_towards_limit(result) &&
         !llvm::isa<llvm::SCEVCouldNotCompute>(
             evolution.getExitCount(&loop, result.test->getParent()));
}

void set_entries(CountedLoop& result, llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  result.outermost_entry = result.entry;
  for (llvm::Loop* around = loop.getParentLoop(); around != nullptr;
       around = around->getParentLoop()) {
    BasicBlock* before = around->getLoopPreheader();
    if (before == nullptr || !around->isLoopInvariant(result.limit) ||
        !evolution.isLoopInvariant(result.start, around) ||
        !evolution.isLoopInvariant(result.step, around))
      break;
    result.outermost_entry = before->getTerminator();
  }
  // What holds on entry need not hold further out, where the loop may not be reached.
  result.is_guarded = result.outermost_entry == result.entry &&
                      evolution.isLoopEntryGuardedByCond(&loop, result.goes_on, result.start,
                                                         evolution.getSCEV(result.limit));
}

llvm::Type* type_of_length(const CountedLoop& loop) {
  llvm::Type* type = loop.counter->getType();
  return type->isPointerTy() ? llvm::Type::getInt64Ty(type->getContext()) : type;
}

// The end of a chunk that begins at `from`: C1 and C2. `is_certain`: from goes_on limit.
Value* chunk_end(IRBuilder<>& builder, const CountedLoop& loop, Value* from, Value* length,
                 bool is_certain) {
  bool is_pointer = from->getType()->isPointerTy();
  Value* at = is_pointer ? builder.CreatePtrToInt(from, length->getType()) : from;
  Value* end = is_pointer ? builder.CreatePtrToInt(loop.limit, length->getType()) : loop.limit;
  // Modulo the width: how far it is to the limit in the direction of the step.
  Value* distance = loop.is_upwards ? builder.CreateSub(end, at) : builder.CreateSub(at, end);
  Value* is_near = builder.CreateICmpULE(distance, length);
  if (!is_certain && loop.goes_on != CmpInst::ICMP_NE)
    is_near = builder.CreateOr(
        is_near, builder.CreateICmp(CmpInst::getInversePredicate(loop.goes_on), from, loop.limit));
  Value* offset = loop.is_upwards ? length : builder.CreateNeg(length);
  Value* far = is_pointer ? builder.CreateGEP(builder.getInt8Ty(), from, offset)
                          : builder.CreateAdd(from, offset);
  return builder.CreateSelect(is_near, loop.limit, far, "chunk");
}

// One changed loop.
class StripMining {
 public:
  StripMining(const CountedLoop& loop, const Chunk& first)
      : loop_(loop),
        first_(first),
        location_(debug_location_near(*loop.test)),
        test_block_(*loop.test->getParent()),
        exit_(*loop.test->getSuccessor(1 - loop.inside)),
        strip_(new_block("chunk.end", exit_)),
        poll_(new_block("chunk.poll", exit_)) {}

  void run(PollEmitter& polls) {
    bool is_at_back_edge = loop_.test == loop_.latch;
    PHINode* chunk = is_at_back_edge ? make_outer_loop() : carry_around();
    compare_with(*chunk);
    IRBuilder<> builder(&poll_);
    builder.SetCurrentDebugLocation(location_);
    // Frozen: loop strength reduction would else keep `distance` up to date in each iteration.
    Value* counter = builder.CreateFreeze(loop_.counter);
    Value* next = chunk_end(builder, loop_, counter, first_.length, /*is_certain=*/true);
    llvm::BranchInst* back = builder.CreateBr(continue_at_);
    next_->addIncoming(next, &poll_);
    polls.emit_before(*back);
  }

 private:
  BasicBlock& new_block(const char* name, BasicBlock& before) {
    return *BasicBlock::Create(before.getContext(), name, before.getParent(), &before);
  }

  // Around the loop: begins a chunk. Each value that the loop carries passes through.
  PHINode* make_outer_loop() {
    BasicBlock& outer = new_block("chunk.begin", *loop_.header);
    BasicBlock* entry = loop_.entry->getParent();
    IRBuilder<> builder(&outer);
    builder.SetCurrentDebugLocation(location_);
    next_ = builder.CreatePHI(loop_.counter->getType(), 2, "chunk");
    next_->addIncoming(first_.end, entry);
    for (PHINode& phi : loop_.header->phis()) {
      PHINode* around = builder.CreatePHI(phi.getType(), 2);
      around->addIncoming(phi.getIncomingValueForBlock(entry), entry);
      around->addIncoming(phi.getIncomingValueForBlock(&test_block_), &poll_);
      int from_entry = phi.getBasicBlockIndex(entry);
      phi.setIncomingBlock(from_entry, &outer);
      phi.setIncomingValue(from_entry, around);
    }
    builder.CreateBr(loop_.header);
    loop_.entry->replaceSuccessorWith(loop_.header, &outer);
    continue_at_ = &outer;
    return next_;
  }

  // In the loop: the chunk's end is one more value that the loop carries.
  PHINode* carry_around() {
    IRBuilder<> header(loop_.header, loop_.header->begin());
    PHINode* chunk = header.CreatePHI(loop_.counter->getType(), 2, "chunk");
    BasicBlock* inside = loop_.test->getSuccessor(loop_.inside);
    continue_at_ = &new_block("chunk.begin", *inside);
    IRBuilder<> builder(continue_at_);
    builder.SetCurrentDebugLocation(location_);
    next_ = builder.CreatePHI(chunk->getType(), 2, "chunk");
    next_->addIncoming(chunk, &test_block_);
    builder.CreateBr(inside);
    inside->replacePhiUsesWith(&test_block_, continue_at_);
    loop_.test->setSuccessor(loop_.inside, continue_at_);
    chunk->addIncoming(first_.end, loop_.entry->getParent());
    chunk->addIncoming(next_, loop_.latch->getParent());
    return chunk;
  }

  void compare_with(PHINode& chunk) {
    IRBuilder<> builder(loop_.test);
    builder.SetCurrentDebugLocation(location_);
    auto* whole = llvm::cast<llvm::Instruction>(loop_.test->getCondition());
    if (loop_.inside != 0) loop_.test->swapSuccessors();
    loop_.test->setCondition(builder.CreateICmp(loop_.goes_on, loop_.counter, &chunk));
    loop_.test->setSuccessor(1, &strip_);
    if (whole->use_empty()) whole->eraseFromParent();

    IRBuilder<> strip(&strip_);
    strip.SetCurrentDebugLocation(location_);
    strip.CreateCondBr(strip.CreateICmp(loop_.goes_on, loop_.counter, loop_.limit), &poll_, &exit_,
                       llvm::MDBuilder(strip.getContext()).createUnlikelyBranchWeights());
    exit_.replacePhiUsesWith(&test_block_, &strip_);
  }

  const CountedLoop& loop_;
  const Chunk& first_;
  llvm::DebugLoc location_;
  BasicBlock& test_block_;
  BasicBlock& exit_;
  BasicBlock& strip_;  // the chunk is over, or the loop
  BasicBlock& poll_;   // the chunk is over
  BasicBlock* continue_at_ = nullptr;
  PHINode* next_ = nullptr;  // the end of the chunk that begins at continue_at_
};

}  // namespace

std::optional<CountedLoop> counted_loop(llvm::Loop& loop, llvm::ScalarEvolution& evolution,
                                        const llvm::DominatorTree& dominators) {
  BasicBlock* latch = loop.getLoopLatch();
  BasicBlock* preheader = loop.getLoopPreheader();
  if (latch == nullptr || preheader == nullptr) return {};
  llvm::SmallVector<BasicBlock*, 8> exiting;
  loop.getExitingBlocks(exiting);
  // At the back-edge the change is cheapest.
  if (auto* at = llvm::find(exiting, latch); at != exiting.end()) std::swap(*at, exiting.front());
  for (BasicBlock* block : exiting) {
    CountedLoop result = {};
    result.entry = preheader->getTerminator();
    result.latch = latch->getTerminator();
    result.header = loop.getHeader();
    // Once in each iteration.
    if (!dominators.dominates(block, latch) || !is_own(loop, *block) ||
        !set_comparison(result, loop, *block) || !set_steps(result, loop, evolution))
      continue;
    set_entries(result, loop, evolution);
    llvm::SCEVExpander expander(evolution, evolution.getDataLayout(), "chunk");
    if (expander.isSafeToExpandAt(result.start, result.outermost_entry) &&
        expander.isSafeToExpandAt(result.step, result.outermost_entry))
      return result;
  }
  return {};
}

uint64_t possible_chunk(const CountedLoop& loop, uint64_t wanted) {
  uint64_t largest_length = (uint64_t{1} << (bits_of(loop) - 1)) - 1;
  auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(loop.step);
  uint64_t step = constant == nullptr ? 1 : constant->getAPInt().abs().getZExtValue();
  return std::min(wanted, largest_length / step);
}

Chunk emit_first_chunk(const CountedLoop& loop, uint64_t iterations,
                       llvm::ScalarEvolution& evolution) {
  llvm::SCEVExpander expander(evolution, evolution.getDataLayout(), "chunk");
  const llvm::SCEV* size = loop.is_upwards ? loop.step : evolution.getNegativeSCEV(loop.step);
  size = evolution.getMulExpr(size, evolution.getConstant(size->getType(), iterations));
  Value* length = expander.expandCodeFor(size, type_of_length(loop), loop.outermost_entry);
  Value* start = expander.expandCodeFor(loop.start, loop.counter->getType(), loop.outermost_entry);
  IRBuilder<> builder(loop.outermost_entry);
  return {length, chunk_end(builder, loop, start, length, loop.is_guarded)};
}

void strip_mine(const CountedLoop& loop, const Chunk& first, PollEmitter& polls) {
  StripMining(loop, first).run(polls);
}

}  // namespace fibersan::instrument
