// loop_certainty.h: what surely happens once a loop is entered, and what surely does not.
//
// Input:    a loop of a function that is not changed meanwhile.
// Cost:     one walk over its instructions, and one over the blocks before each block asked for.
// Not here: which checks move because of it, see loop_checks.h.
//
// Invariants
//   G1  What ends a way through the code: whatever may not return (release_summary.h; a poll,
//       too), a volatile access, which may trap, an inner loop whose end is not certain.
#ifndef FIBERSAN_INSTRUMENT_LOOP_CERTAINTY_H
#define FIBERSAN_INSTRUMENT_LOOP_CERTAINTY_H

#include "instrument/release_summary.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"

namespace fibersan::instrument {

class LoopCertainty {
 public:
  LoopCertainty(const llvm::Loop& loop, const ReleaseSummary& summary, const llvm::LoopInfo& loops,
                llvm::ScalarEvolution& evolution);

  // Somewhere in the loop, inner loops included.
  bool may_release() const { return may_release_; }
  bool may_acquire() const { return may_acquire_; }
  // Other than at its exits.
  bool may_stop() const { return may_stop_; }

  // Each iteration comes from the loop's first instruction to `place` with nothing between the two
  // that may acquire or release, or that could keep it from coming there.
  bool surely_reaches(const llvm::Instruction& place);

 private:
  bool surely_reaches(const llvm::BasicBlock& block);
  bool passes(const llvm::BasicBlock& block) const;

  const llvm::Loop& loop_;
  const llvm::LoopInfo& loops_;
  llvm::ScalarEvolution& evolution_;
  bool may_release_ = false;
  bool may_acquire_ = false;
  bool may_stop_ = false;
  // The first instruction of a block that synchronises or may stop, for blocks that have one.
  llvm::DenseMap<const llvm::BasicBlock*, const llvm::Instruction*> barriers_;
  llvm::DenseMap<const llvm::BasicBlock*, bool> reached_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LOOP_CERTAINTY_H
