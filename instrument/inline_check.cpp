// inline_check.cpp: builds the blocks of a check around one access.
//
//   head:   …; full test of slot 0 -> access | next
//   next:   (reads) full test of slot 1 -> access | masked
//   access: the load or store, and the rest of its block
//   …at the end of the function:
//   masked: -> access | cold
//   cold:   call the hook -> access
#include "instrument/inline_check.h"

#include <algorithm>

#include "detector/abi/hooks.h"
#include "instrument/debug_location.h"
#include "instrument/memory_ranges.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/KnownBits.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::IRBuilder;
using llvm::Value;

Value* add(IRBuilder<>& builder, Value* value, uint64_t constant) {
  return constant == 0 ? value : builder.CreateAdd(value, builder.getInt64(constant));
}

bool is_natural(const Access& access, uint64_t largest) {
  return llvm::isPowerOf2_64(access.size) && access.size <= largest &&
         access.alignment.value() >= access.size;
}

class InlineCheck {
 public:
  InlineCheck(HookTable& hooks, const Access& access, const SharedValues& shared,
              Value* shadow_base, Value* context)
      : hooks_(hooks),
        access_(access),
        shared_(shared),
        context_(context),
        is_read_(access.kind == AccessKind::kRead),
        is_position_known_(is_natural(access, kCellSize) || access.alignment.value() >= kCellSize),
        location_(debug_location_near(*access.instruction)),
        function_(access.instruction->getFunction()) {
    IRBuilder<> builder(access.instruction);
    builder.SetCurrentDebugLocation(location_);
    uint64_t cells = llvm::divideCeil(access.size, kCellSize);
    for (uint64_t cell = 0; cell < cells; ++cell)
      cells_.push_back(add(builder, shared.shadow, 2 * kCellSize * cell));
    // Unaligned, the last byte may lie in one cell more.
    if (!is_position_known_)
      cells_.push_back(
          shadow_of(builder, access.address, access.offset + access.size - 1, shadow_base));
  }

  void emit() {
    BasicBlock* head = access_.instruction->getParent();
    access_block_ = head->splitBasicBlock(access_.instruction, "access");
    head->getTerminator()->eraseFromParent();
    BasicBlock* cold = new_block("cold", nullptr);
    BasicBlock* masked = is_position_known_ ? new_block("masked", cold) : cold;

    if (is_read_) {
      BasicBlock* next = new_block("next", access_block_);
      emit_full_test(head, /*slot=*/0, shared_.stamp, next, /*weights=*/nullptr);
      emit_full_test(next, /*slot=*/1, shared_.read_stamp, masked, likely());
    } else {
      emit_full_test(head, /*slot=*/0, shared_.stamp, masked, likely());
    }
    if (masked != cold) emit_masked_test(masked, cold);
    IRBuilder<> builder(cold);
    builder.SetCurrentDebugLocation(location_);
    llvm::Instruction* back = builder.CreateBr(access_block_);
    builder.SetInsertPoint(back);
    emit_access_hook(builder, hooks_, access_, context_);
  }

 private:
  BasicBlock* new_block(const char* name, BasicBlock* before) {
    return BasicBlock::Create(function_->getContext(), name, function_, before);
  }

  llvm::MDNode* likely() {
    return llvm::MDBuilder(function_->getContext()).createLikelyBranchWeights();
  }

  Value* load_slot(IRBuilder<>& builder, Value* cell, unsigned slot) {
    Value* address = add(builder, cell, slot * sizeof(uint64_t));
    return builder.CreateAlignedLoad(builder.getInt64Ty(),
                                     builder.CreateIntToPtr(address, builder.getPtrTy()),
                                     llvm::Align(8), "slot");
  }

  // Goes on to the access when this slot of every cell holds exactly `wanted`.
  void emit_full_test(BasicBlock* block, unsigned slot, Value* wanted, BasicBlock* otherwise,
                      llvm::MDNode* weights) {
    for (Value* cell : cells_) {
      IRBuilder<> builder(block);
      builder.SetCurrentDebugLocation(location_);
      Value* equal = builder.CreateICmpEQ(load_slot(builder, cell, slot), wanted);
      block = cell == cells_.back() ? access_block_ : new_block("cell", block->getNextNode());
      builder.CreateCondBr(equal, block, otherwise, weights);
    }
  }

  // Goes on to the access when each cell is covered by one of its slots.
  void emit_masked_test(BasicBlock* block, BasicBlock* otherwise) {
    for (size_t cell = 0; cell < cells_.size(); ++cell) {
      IRBuilder<> builder(block);
      builder.SetCurrentDebugLocation(location_);
      bool is_last = cell + 1 == cells_.size();
      BasicBlock* success = is_last ? access_block_ : new_block("covered", block->getNextNode());
      Value* untouched = untouched_bytes(builder, cell);
      // The full test of one cell has already looked for a write of all its bytes in slot 0.
      bool is_slot_0_done = !is_read_ && cells_.size() == 1 && access_.size == kCellSize;
      if (!is_slot_0_done) {
        // First the slot that the detector prefers.
        Value* covered = is_covered_by(builder, cell, is_read_ ? 1 : 0, untouched);
        BasicBlock* second = new_block("second", block->getNextNode());
        builder.CreateCondBr(covered, success, second);
        builder.SetInsertPoint(second);
      }
      builder.CreateCondBr(is_covered_by(builder, cell, is_read_ ? 0 : 1, untouched), success,
                           otherwise, likely());
      block = success;
    }
  }

  // The bits of a cell's mask that this access does not need.
  Value* untouched_bytes(IRBuilder<>& builder, size_t cell) {
    uint64_t size = std::min(access_.size - cell * kCellSize, kCellSize);
    if (size == kCellSize) return builder.getInt64(0);
    uint64_t untouched = kAllBytes & (kAllBytes << size);
    if (std::optional<uint64_t> position = position_in_cell()) {
      uint64_t rotated = untouched << *position | untouched >> (kCellSize - *position);
      return builder.getInt64(rotated & kAllBytes);
    }
    // An 8-bit rotation counts modulo 8, so it needs no `address & 7`.
    llvm::Type* i8 = builder.getInt8Ty();
    Value* position = builder.CreatePtrToInt(access_.address, i8);
    if (access_.offset != 0)
      position = builder.CreateAdd(position, builder.getInt8(access_.offset % kCellSize));
    Value* byte = builder.getInt8(untouched);
    Value* rotated = builder.CreateIntrinsic(llvm::Intrinsic::fshl, {i8}, {byte, byte, position});
    return builder.CreateZExt(rotated, builder.getInt64Ty());
  }

  std::optional<uint64_t> position_in_cell() const {
    if (access_.alignment.value() >= kCellSize) return 0;
    llvm::KnownBits known =
        llvm::computeKnownBits(access_.address, function_->getParent()->getDataLayout());
    if ((known.Zero | known.One).countr_one() < 3) return std::nullopt;
    return (known.One.getLoBits(3).getZExtValue() + access_.offset) % kCellSize;
  }

  Value* is_covered_by(IRBuilder<>& builder, size_t cell, unsigned slot, Value* untouched) {
    Value* filled = builder.CreateOr(load_slot(builder, cells_[cell], slot), untouched);
    if (is_read_)
      return builder.CreateICmpEQ(builder.CreateOr(filled, FSAN_STAMP_READ), shared_.read_stamp);
    return builder.CreateICmpEQ(filled, shared_.stamp);
  }

  HookTable& hooks_;
  const Access& access_;
  const SharedValues& shared_;
  Value* context_;
  bool is_read_;
  bool is_position_known_;
  llvm::DebugLoc location_;
  llvm::Function* function_;
  std::vector<Value*> cells_;  // address of slot 0 of each cell
  BasicBlock* access_block_ = nullptr;
};

}  // namespace

Value* shadow_of(IRBuilder<>& builder, Value* address, uint64_t offset, Value* shadow_base) {
  // (2 * address + base) & mask: the low bits of the address fall to the mask, because the
  // base is a multiple of 16.
  Value* integer = add(builder, builder.CreatePtrToInt(address, builder.getInt64Ty()), offset);
  Value* sum = builder.CreateAdd(builder.CreateShl(integer, 1), shadow_base);
  return builder.CreateAnd(sum, FSAN_SHADOW_MASK, "shadow");
}

void emit_inline_check(HookTable& hooks, const Access& access, const SharedValues& shared,
                       Value* shadow_base, Value* context) {
  InlineCheck(hooks, access, shared, shadow_base, context).emit();
}

void emit_access_hook(IRBuilder<>& builder, HookTable& hooks, const Access& access,
                      Value* context) {
  if (access.mask != nullptr) {
    emit_masked_hooks(hooks, access, context, &*builder.GetInsertPoint());
    return;
  }
  static constexpr Hook kReads[] = {Hook::read1, Hook::read2, Hook::read4, Hook::read8,
                                    Hook::read16};
  static constexpr Hook kWrites[] = {Hook::write1, Hook::write2, Hook::write4, Hook::write8,
                                     Hook::write16};
  bool is_read = access.kind == AccessKind::kRead;
  Value* address = access.offset == 0
                       ? access.address
                       : builder.CreatePtrAdd(access.address, builder.getInt64(access.offset));
  if (access.is_vptr && is_read) {
    hooks.call(builder, Hook::read_vptr, {address, context});
  } else if (access.is_vptr) {
    auto* store = llvm::cast<llvm::StoreInst>(access.instruction);
    Value* stored = store->getValueOperand();
    if (!stored->getType()->isPointerTy())
      stored = builder.CreateBitOrPointerCast(stored, builder.getPtrTy());
    hooks.call(builder, Hook::write_vptr, {address, stored, context});
  } else if (is_natural(access, 16)) {
    unsigned index = llvm::Log2_64(access.size);
    hooks.call(builder, is_read ? kReads[index] : kWrites[index], {address, context});
  } else {
    hooks.call(builder, is_read ? Hook::read_range : Hook::write_range,
               {address, builder.getInt64(access.size), context});
  }
}

}  // namespace fibersan::instrument
