// check_emitter.cpp: builds the blocks of a check around one access.
//
//   head:   …; full test of slot 0 -> access | next
//   next:   (reads) full test of slot 1 -> access | masked
//   access: the load or store, and the rest of its block
//   …at the end of the function:
//   masked: -> access | cold
//   cold:   call the hook -> access
#include "instrument/check_emitter.h"

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Support/KnownBits.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::IRBuilder;
using llvm::Value;

constexpr uint64_t kCellSize = 8;
constexpr uint64_t kAllBytes = 0xff;

// Where an access lies in the cells of the shadow.
struct Shape {
  std::vector<uint64_t> cells;  // offsets of an address in each cell
  bool is_masked_known;         // the accessed bytes of each cell can be computed
  bool is_one_cell;
};

Shape shape_of(const Access& access) {
  Shape shape;
  shape.is_one_cell = access.size <= kCellSize && llvm::isPowerOf2_64(access.size) &&
                      access.alignment.value() >= access.size;
  bool is_cell_aligned = access.alignment.value() >= kCellSize;
  shape.is_masked_known = shape.is_one_cell || is_cell_aligned;
  for (uint64_t offset = 0; offset < access.size; offset += kCellSize)
    shape.cells.push_back(offset);
  // Unaligned, the last byte may be in one cell more.
  if (!shape.is_masked_known) shape.cells.push_back(access.size - 1);
  return shape;
}

class Check {
 public:
  Check(const Access& access, HookTable& hooks, Value* stamp, Value* shadow_base, Value* context)
      : access_(access),
        shape_(shape_of(access)),
        hooks_(hooks),
        stamp_(stamp),
        shadow_base_(shadow_base),
        context_(context),
        head_(access.instruction->getParent()),
        is_read_(access.kind == AccessKind::kRead) {}

  void emit() {
    llvm::Function* function = head_->getParent();
    llvm::LLVMContext& context = function->getContext();
    llvm::DebugLoc location = debug_location_near(*access_.instruction);
    access_block_ = head_->splitBasicBlock(access_.instruction, "access");
    cold_ = BasicBlock::Create(context, "cold", function);

    IRBuilder<> builder(head_);
    head_->getTerminator()->eraseFromParent();
    builder.SetInsertPoint(head_);
    builder.SetCurrentDebugLocation(location);
    address_ = builder.CreatePtrToInt(access_.address, builder.getInt64Ty());
    address_ = add(builder, address_, access_.offset);
    for (uint64_t cell : shape_.cells) shadow_.push_back(shadow_of(builder, cell));

    BasicBlock* missed =
        shape_.is_masked_known ? BasicBlock::Create(context, "masked", function, cold_) : cold_;
    if (is_read_) {
      auto* next = BasicBlock::Create(context, "next", function, access_block_);
      emit_full_test(builder, /*slot=*/0, stamp_, next);
      builder.SetInsertPoint(next);
      Value* read_stamp = builder.CreateOr(stamp_, FSAN_STAMP_READ);
      emit_full_test(builder, /*slot=*/1, read_stamp, missed);
    } else {
      emit_full_test(builder, /*slot=*/0, stamp_, missed);
    }
    if (missed != cold_) {
      builder.SetInsertPoint(missed);
      emit_masked_test(builder);
    }
    builder.SetInsertPoint(cold_);
    emit_cold_call(builder);
  }

 private:
  static Value* add(IRBuilder<>& builder, Value* value, uint64_t constant) {
    return constant == 0 ? value : builder.CreateAdd(value, builder.getInt64(constant));
  }

  // (2 * address + base) & mask: the low bits of the address fall to the mask, because the
  // base is a multiple of 16.
  Value* shadow_of(IRBuilder<>& builder, uint64_t offset) {
    Value* doubled = builder.CreateShl(add(builder, address_, offset), 1);
    Value* sum = builder.CreateAdd(doubled, shadow_base_);
    return builder.CreateAnd(sum, FSAN_SHADOW_MASK, "shadow");
  }

  Value* load_slot(IRBuilder<>& builder, size_t cell, unsigned slot) {
    Value* address = add(builder, shadow_[cell], slot * sizeof(uint64_t));
    return builder.CreateAlignedLoad(builder.getInt64Ty(),
                                     builder.CreateIntToPtr(address, builder.getPtrTy()),
                                     llvm::Align(8), "slot");
  }

  // Goes on to the access when this slot of every cell holds exactly `wanted`.
  void emit_full_test(IRBuilder<>& builder, unsigned slot, Value* wanted, BasicBlock* otherwise) {
    llvm::MDNode* weights = otherwise == cold_ || otherwise->getName().starts_with("masked")
                                ? llvm::MDBuilder(builder.getContext()).createLikelyBranchWeights()
                                : nullptr;
    for (size_t cell = 0; cell < shadow_.size(); ++cell) {
      Value* equal = builder.CreateICmpEQ(load_slot(builder, cell, slot), wanted);
      bool is_last = cell + 1 == shadow_.size();
      BasicBlock* success =
          is_last ? access_block_
                  : BasicBlock::Create(builder.getContext(), "cell", head_->getParent(),
                                       builder.GetInsertBlock()->getNextNode());
      builder.CreateCondBr(equal, success, otherwise, weights);
      if (!is_last) builder.SetInsertPoint(success);
    }
  }

  void emit_masked_test(IRBuilder<>& builder) {
    Value* all = nullptr;
    for (size_t cell = 0; cell < shadow_.size(); ++cell) {
      Value* others = untouched_bytes(builder, cell);
      Value* covered = builder.CreateOr(is_covered_by(builder, cell, 1, others),
                                        is_covered_by(builder, cell, 0, others));
      all = all == nullptr ? covered : builder.CreateAnd(all, covered);
    }
    builder.CreateCondBr(all, access_block_, cold_,
                         llvm::MDBuilder(builder.getContext()).createLikelyBranchWeights());
  }

  // The bits of the mask that this access does not need.
  Value* untouched_bytes(IRBuilder<>& builder, size_t cell) {
    uint64_t size = std::min(access_.size - shape_.cells[cell], kCellSize);
    uint64_t touched = (uint64_t{1} << size) - 1;
    if (size == kCellSize) return builder.getInt64(0);
    const llvm::DataLayout& layout = head_->getModule()->getDataLayout();
    llvm::KnownBits known = llvm::computeKnownBits(access_.address, layout);
    bool is_aligned = access_.alignment.value() >= kCellSize;
    if (is_aligned || (known.Zero | known.One).countr_one() >= 3) {
      uint64_t shift =
          is_aligned ? 0 : (known.One.getLoBits(3).getZExtValue() + access_.offset) % kCellSize;
      return builder.getInt64(~(touched << shift) & kAllBytes);
    }
    // An 8-bit rotation counts modulo 8, so it needs no `address & 7`.
    Value* untouched = builder.getInt8(~touched & kAllBytes);
    Value* position = builder.CreateTrunc(address_, builder.getInt8Ty());
    Value* rotated = builder.CreateIntrinsic(llvm::Intrinsic::fshl, {builder.getInt8Ty()},
                                             {untouched, untouched, position});
    return builder.CreateZExt(rotated, builder.getInt64Ty());
  }

  Value* is_covered_by(IRBuilder<>& builder, size_t cell, unsigned slot, Value* untouched) {
    Value* filled = builder.CreateOr(load_slot(builder, cell, slot), untouched);
    Value* difference = builder.CreateXor(filled, stamp_);
    if (is_read_) difference = builder.CreateAnd(difference, ~FSAN_STAMP_READ);
    return builder.CreateIsNull(difference);
  }

  void emit_cold_call(IRBuilder<>& builder) {
    static constexpr Hook kReads[] = {Hook::read1, Hook::read2, Hook::read4, Hook::read8,
                                      Hook::read16};
    static constexpr Hook kWrites[] = {Hook::write1, Hook::write2, Hook::write4, Hook::write8,
                                       Hook::write16};
    Value* address = builder.CreateIntToPtr(address_, builder.getPtrTy());
    bool is_natural = llvm::isPowerOf2_64(access_.size) && access_.size <= 16 &&
                      access_.alignment.value() >= access_.size;
    if (is_natural) {
      unsigned index = llvm::Log2_64(access_.size);
      hooks_.call(builder, is_read_ ? kReads[index] : kWrites[index], {address, context_});
    } else {
      hooks_.call(builder, is_read_ ? Hook::read_range : Hook::write_range,
                  {address, builder.getInt64(access_.size), context_});
    }
    builder.CreateBr(access_block_);
  }

  const Access& access_;
  Shape shape_;
  HookTable& hooks_;
  Value* stamp_;  // with all bytes set in its mask
  Value* shadow_base_;
  Value* context_;
  BasicBlock* head_;
  bool is_read_;
  BasicBlock* access_block_ = nullptr;
  BasicBlock* cold_ = nullptr;
  Value* address_ = nullptr;
  std::vector<Value*> shadow_;  // addresses of the cells' slots
};

}  // namespace

void CheckEmitter::emit(const std::vector<Access>& accesses) {
  if (accesses.empty()) return;
  llvm::Function& function = *accesses.front().instruction->getFunction();
  Value* shadow_base = nullptr;
  std::vector<Value*> stamps;  // by access
  for (size_t i = 0; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    if (access.size > kLargestInlineCheck) {
      stamps.push_back(nullptr);
      continue;
    }
    if (shadow_base == nullptr) {
      IRBuilder<> entry(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
      entry.SetCurrentDebugLocation(debug_location_near(*entry.GetInsertPoint()));
      shadow_base = state_.load_shadow_base(entry);
    }
    if (i > 0 && stamps.back() != nullptr && accesses[i - 1].stretch == access.stretch) {
      stamps.push_back(stamps.back());
      continue;
    }
    IRBuilder<> builder(access.instruction);
    builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
    stamps.push_back(builder.CreateOr(state_.load_stamp(builder), kAllBytes, "stamp"));
  }
  // Backwards, so that each split moves only the instructions up to the next access.
  for (size_t i = accesses.size(); i-- > 0;) emit(accesses[i], stamps[i], shadow_base);
}

void CheckEmitter::emit(const Access& access, Value* stamp, Value* shadow_base) {
  if (stamp != nullptr) {
    Check(access, hooks_, stamp, shadow_base, context_).emit();
    return;
  }
  IRBuilder<> builder(access.instruction);
  builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
  Value* address = builder.CreatePtrAdd(access.address, builder.getInt64(access.offset));
  hooks_.call(builder, access.kind == AccessKind::kRead ? Hook::read_range : Hook::write_range,
              {address, builder.getInt64(access.size), context_});
}

}  // namespace fibersan::instrument
