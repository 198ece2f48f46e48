// code_frequency.h: which code of a function is run often enough that its checks be inline.
//
// Input:    branch weights, loops, calls that do not return: LLVM's own estimate.
// Output:   a block is hot when it is run at least kHotPercent times for each 100 calls of its
//           function; of a cold or size-optimised function none is.
// Cost:     once for each function, in proportion to its blocks.
#ifndef FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H
#define FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H

#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"

namespace fibersan::instrument {

class CodeFrequency {
 public:
  explicit CodeFrequency(llvm::Function& function);

  bool is_hot(const llvm::BasicBlock& block) const;
  bool is_cold_function() const { return none_is_hot_; }

 private:
  bool none_is_hot_;
  llvm::DominatorTree dominators_;
  llvm::LoopInfo loops_;
  llvm::BranchProbabilityInfo branches_;
  llvm::BlockFrequencyInfo frequencies_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H
