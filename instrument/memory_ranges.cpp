// memory_ranges.cpp: a call for a range, a call for each lane.
#include "instrument/memory_ranges.h"

#include "instrument/debug_location.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

Hook range_hook(AccessKind kind) {
  return kind == AccessKind::kRead ? Hook::read_range : Hook::write_range;
}

}  // namespace

void emit_range_check(HookTable& hooks, const RangeAccess& access, Value* context) {
  IRBuilder<> builder(access.instruction);
  builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
  Value* size = builder.CreateZExtOrTrunc(access.size, builder.getInt64Ty());
  hooks.call(builder, range_hook(access.kind), {access.address, size, context});
}

void emit_masked_check(HookTable& hooks, const MaskedAccess& access, Value* context) {
  const llvm::DataLayout& layout = access.instruction->getModule()->getDataLayout();
  llvm::Type* element = access.vector->getElementType();
  llvm::DebugLoc location = debug_location_near(*access.instruction);
  for (unsigned lane = 0; lane < access.vector->getNumElements(); ++lane) {
    IRBuilder<> builder(access.instruction);
    builder.SetCurrentDebugLocation(location);
    Value* is_on = builder.CreateExtractElement(access.mask, lane);
    if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(is_on)) {
      if (constant->isZero()) continue;
    } else {
      builder.SetInsertPoint(llvm::SplitBlockAndInsertIfThen(is_on, access.instruction, false));
      builder.SetCurrentDebugLocation(location);
    }
    Value* address = access.address;
    if (address->getType()->isVectorTy())
      address = builder.CreateExtractElement(address, lane);
    else if (lane > 0)
      address = builder.CreateConstGEP1_64(element, address, lane);
    uint64_t size = layout.getTypeStoreSize(element);
    hooks.call(builder, range_hook(access.kind), {address, builder.getInt64(size), context});
  }
}

}  // namespace fibersan::instrument
