#include "instrument/prefetches.h"

#include "detector/abi/hooks.h"
#include "instrument/inline_check.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

namespace fibersan::instrument {
namespace {

constexpr uint64_t kLine = 64;
constexpr uint64_t kLinesMask = FSAN_SHADOW_MASK & ~(2 * kLine - 1);

bool is_of_data(const llvm::IntrinsicInst& prefetch) {
  return llvm::cast<llvm::ConstantInt>(prefetch.getArgOperand(3))->isOne();
}

void prefetch_shadow_of(RunningState& state, llvm::IntrinsicInst& prefetch) {
  llvm::IRBuilder<> builder(&prefetch);
  llvm::Value* first =
      shadow_of(builder, prefetch.getArgOperand(0), 0, state.load_shadow_base(builder), kLinesMask);
  for (uint64_t offset : {uint64_t{0}, kLine}) {
    llvm::Value* line = builder.CreateIntToPtr(builder.CreateAdd(first, builder.getInt64(offset)),
                                               builder.getPtrTy());
    builder.CreateIntrinsic(
        llvm::Intrinsic::prefetch, {line->getType()},
        {line, builder.getInt32(0), prefetch.getArgOperand(2), prefetch.getArgOperand(3)});
  }
}

}  // namespace

void prefetch_shadow(RunningState& state, llvm::Function& function) {
  std::vector<llvm::IntrinsicInst*> found;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (intrinsic != nullptr && intrinsic->getIntrinsicID() == llvm::Intrinsic::prefetch &&
        is_of_data(*intrinsic))
      found.push_back(intrinsic);
  }
  for (llvm::IntrinsicInst* prefetch : found) prefetch_shadow_of(state, *prefetch);
}

}  // namespace fibersan::instrument
