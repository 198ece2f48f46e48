#include "instrument/loop_certainty.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/CFG.h"

namespace fibersan::instrument {
using llvm::BasicBlock;
using llvm::Instruction;

LoopCertainty::LoopCertainty(const llvm::Loop& loop, const ReleaseSummary& summary,
                             const llvm::LoopInfo& loops, llvm::ScalarEvolution& evolution)
    : loop_(loop), loops_(loops), evolution_(evolution) {
  for (const BasicBlock* block : loop.blocks())
    for (const Instruction& instruction : *block) {
      const bool releases = summary.may_release(instruction);
      const bool acquires = summary.may_acquire(instruction);
      const bool stops = instruction.isVolatile() || summary.may_not_return(instruction);
      if (releases || acquires || stops) barriers_.try_emplace(block, &instruction);
      may_release_ |= releases;
      may_acquire_ |= acquires;
      may_stop_ |= stops;
    }
  for (const llvm::Loop* inner : loop)
    for (const llvm::Loop* nested : inner->getLoopsInPreorder())
      may_stop_ |= !evolution.hasLoopInvariantBackedgeTakenCount(nested);
}

bool LoopCertainty::surely_reaches(const Instruction& place) {
  const BasicBlock& block = *place.getParent();
  const Instruction* barrier = barriers_.lookup(&block);
  if (barrier != nullptr && barrier->comesBefore(&place)) return false;
  auto [known, is_new] = reached_.try_emplace(&block, false);
  if (is_new) known->second = surely_reaches(block);
  return known->second;
}

// Every way from the header ends in the block: none leaves the loop or begins it anew before.
bool LoopCertainty::surely_reaches(const BasicBlock& block) {
  // In an inner loop it may be reached often, and the loop's first instruction only once.
  if (loops_.getLoopFor(&block) != &loop_) return false;
  llvm::SmallPtrSet<const BasicBlock*, 16> seen;
  llvm::SmallVector<const BasicBlock*, 16> open;
  if (&block != loop_.getHeader()) open.push_back(loop_.getHeader());
  while (!open.empty()) {
    const BasicBlock* here = open.pop_back_val();
    if (!seen.insert(here).second) continue;
    if (!passes(*here)) return false;
    for (const BasicBlock* next : llvm::successors(here)) {
      if (next == &block) continue;
      if (next == loop_.getHeader() || !loop_.contains(next)) return false;
      open.push_back(next);
    }
  }
  return true;
}

bool LoopCertainty::passes(const BasicBlock& block) const {
  const llvm::Loop* inner = loops_.getLoopFor(&block);
  if (inner != &loop_ && !evolution_.hasLoopInvariantBackedgeTakenCount(inner)) return false;
  return !barriers_.contains(&block);
}

}  // namespace fibersan::instrument
