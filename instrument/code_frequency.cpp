#include "instrument/code_frequency.h"

#include "llvm/Support/CommandLine.h"

namespace fibersan::instrument {
namespace {

llvm::cl::opt<unsigned> hot_percent(
    "fibersan-hot-percent", llvm::cl::init(50),
    llvm::cl::desc("Checks are inline in blocks that run so often for 100 calls; 0: everywhere"));

}  // namespace

CodeFrequency::CodeFrequency(llvm::Function& function)
    : none_is_hot_(function.hasFnAttribute(llvm::Attribute::Cold) || function.hasOptSize()),
      dominators_(function),
      loops_(dominators_),
      branches_(function, loops_),
      frequencies_(function, branches_, loops_) {}

bool CodeFrequency::is_hot(const llvm::BasicBlock& block) const {
  if (none_is_hot_) return false;
  double often = static_cast<double>(frequencies_.getBlockFreq(&block).getFrequency());
  return often * 100 >=
         static_cast<double>(frequencies_.getEntryFreq().getFrequency()) * hot_percent;
}

}  // namespace fibersan::instrument
