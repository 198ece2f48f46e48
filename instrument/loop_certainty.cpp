#include "instrument/loop_certainty.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/CFG.h"

namespace fibersan::instrument {
using llvm::BasicBlock;
using llvm::Instruction;

LoopCertainty::LoopCertainty(const llvm::Loop& loop, const ReleaseSummary& summary,
                             const llvm::LoopInfo& loops, llvm::ScalarEvolution& evolution)
    : loop_(loop), summary_(summary), loops_(loops), evolution_(evolution) {
  for (const BasicBlock* block : loop.blocks())
    for (const Instruction& instruction : *block) {
      may_release_ |= summary.may_release(instruction);
      may_acquire_ |= summary.may_acquire(instruction);
      may_stop_ |= may_stop_at(instruction);
    }
  for (const llvm::Loop* inner : loop)
    for (const llvm::Loop* nested : inner->getLoopsInPreorder())
      may_stop_ |= !evolution.hasLoopInvariantBackedgeTakenCount(nested);
}

bool LoopCertainty::may_stop_at(const Instruction& instruction) const {
  return instruction.isVolatile() || summary_.may_not_return(instruction);
}

bool LoopCertainty::surely_reaches(const Instruction& place) {
  const BasicBlock& block = *place.getParent();
  for (const Instruction& before : block) {
    if (&before == &place) break;
    if (may_stop_at(before) || summary_.may_synchronise(before)) return false;
  }
  auto [known, is_new] = reached_.try_emplace(&block, false);
  if (is_new) {
    bool is_reached = surely_reaches(block);
    reached_[&block] = is_reached;
    return is_reached;
  }
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
  return llvm::none_of(block, [this](const Instruction& instruction) {
    return may_stop_at(instruction) || summary_.may_synchronise(instruction);
  });
}

}  // namespace fibersan::instrument
