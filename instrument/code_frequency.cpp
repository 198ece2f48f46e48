#include "instrument/code_frequency.h"

#include <algorithm>
#include <string>

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"

namespace fibersan::instrument {
namespace {

llvm::cl::opt<unsigned> hot_percent(
    "fibersan-hot-percent", llvm::cl::init(101),
    llvm::cl::desc("Checks are inline in blocks that run so often for 100 calls, by default in "
                   "loops and recursions; 50: the common way through each function, too: faster, "
                   "larger; 0: everywhere"));

constexpr double kHotPercentOfRecursion = 50;

bool calls_itself(const llvm::Function& function) {
  return llvm::any_of(function.users(), [&](const llvm::User* user) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(user);
    return call != nullptr && call->getFunction() == &function;
  });
}

}  // namespace

std::string frequency_options() {
  if (hot_percent.getNumOccurrences() == 0) return "";
  return "-fibersan-hot-percent=" + std::to_string(hot_percent);
}

CodeFrequency::CodeFrequency(llvm::Function& function)
    : none_is_hot_(function.hasFnAttribute(llvm::Attribute::Cold) || function.hasOptSize()),
      percent_(hot_percent),
      dominators_(function),
      loops_(dominators_),
      branches_(function, loops_),
      frequencies_(function, branches_, loops_) {
  if (calls_itself(function)) percent_ = std::min(percent_, kHotPercentOfRecursion);
}

bool CodeFrequency::is_hot(const llvm::BasicBlock& block) const {
  if (none_is_hot_) return false;
  double often = static_cast<double>(frequencies_.getBlockFreq(&block).getFrequency());
  return often * 100 >= static_cast<double>(frequencies_.getEntryFreq().getFrequency()) * percent_;
}

}  // namespace fibersan::instrument
