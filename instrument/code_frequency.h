// code_frequency.h: which code of a function is run often enough that its checks be inline.
//
// Input:    branch weights, loops, calls that do not return: LLVM's own estimate.
// Output:   a block is hot when it is run more often than its function, as in a loop, or in a
//           function that calls itself at least every second time (-fibersan-hot-percent sets
//           another limit); of a cold or size-optimised function none is.
// Cost:     once for each function, in proportion to its blocks.
#ifndef FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H
#define FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H

#include <string>

#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"

namespace fibersan::instrument {

// What was given of -fibersan-hot-percent, as it would be typed.
std::string frequency_options();

class CodeFrequency {
 public:
  explicit CodeFrequency(llvm::Function& function);

  bool is_hot(const llvm::BasicBlock& block) const;
  bool is_cold_function() const { return none_is_hot_; }

 private:
  bool none_is_hot_;
  double percent_;  // runs for 100 calls of the function
  llvm::DominatorTree dominators_;
  llvm::LoopInfo loops_;
  llvm::BranchProbabilityInfo branches_;
  llvm::BlockFrequencyInfo frequencies_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CODE_FREQUENCY_H
