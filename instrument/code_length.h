// code_length.h: how much code can run between two polls, in instructions, roughly.
//
// Input:    instructions and calls; bodies of functions of the same module.
// Output:   a length; kUnbounded for a callee that loops, recurses or is not known. Such a
//           callee polls, but may first run for as long as code may without a poll.
// Cost:     each body is looked at once.
// Not here: polls in loops, see poll_placement.h.
#ifndef FIBERSAN_INSTRUMENT_CODE_LENGTH_H
#define FIBERSAN_INSTRUMENT_CODE_LENGTH_H

#include <cstdint>
#include <functional>

#include "llvm/ADT/DenseMap.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstrTypes.h"

namespace fibersan::instrument {

constexpr uint64_t kUnbounded = uint64_t{1} << 40;

class CodeLength {
 public:
  using LibraryInfo = std::function<const llvm::TargetLibraryInfo&(llvm::Function&)>;
  explicit CodeLength(LibraryInfo library) : library_(std::move(library)) {}

  uint64_t of(llvm::Instruction& instruction);
  uint64_t of(llvm::BasicBlock& block);

 private:
  uint64_t of_call(llvm::CallBase& call);
  uint64_t of_body(llvm::Function& function);

  LibraryInfo library_;
  llvm::DenseMap<const llvm::Function*, uint64_t> bodies_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CODE_LENGTH_H
