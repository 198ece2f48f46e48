// memory_ranges.cpp: a call for a range, a call for each lane.
#include "instrument/memory_ranges.h"

#include "instrument/debug_location.h"
#include "llvm/IR/Constants.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::IRBuilder;
using llvm::Value;

Hook range_hook(AccessKind kind) {
  return kind == AccessKind::kRead ? Hook::read_range : Hook::write_range;
}

// Calls emit(builder, element) where the element is known to be switched on.
template <typename Emit>
void for_each_element_on(Value* mask, llvm::Instruction* place, const llvm::DebugLoc& location,
                         Emit emit) {
  unsigned elements = llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements();
  for (unsigned element = 0; element < elements; ++element) {
    IRBuilder<> builder(place);
    builder.SetCurrentDebugLocation(location);
    Value* is_on = builder.CreateExtractElement(mask, element);
    if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(is_on)) {
      if (constant->isZero()) continue;
    } else {
      builder.SetInsertPoint(llvm::SplitBlockAndInsertIfThen(is_on, place, /*Unreachable=*/false));
      builder.SetCurrentDebugLocation(location);
    }
    emit(builder, element);
  }
}

}  // namespace

void emit_range_check(HookTable& hooks, const RangeAccess& access, Value* context) {
  IRBuilder<> builder(access.instruction);
  builder.SetCurrentDebugLocation(debug_location_near(*access.instruction));
  Value* size = builder.CreateZExtOrTrunc(access.size, builder.getInt64Ty());
  Hook hook = range_hook(access.kind);
  if (access.has_moved)
    hook = access.kind == AccessKind::kRead ? Hook::read_loop : Hook::write_loop;
  hooks.call(builder, hook, {access.address, size, context});
}

void emit_scattered_check(HookTable& hooks, const ScatteredAccess& access, Value* context) {
  llvm::DebugLoc location = debug_location_near(*access.instruction);
  for_each_element_on(access.mask, access.instruction, location,
                      [&](IRBuilder<>& builder, unsigned element) {
                        Value* address = builder.CreateExtractElement(access.addresses, element);
                        hooks.call(builder, range_hook(access.kind),
                                   {address, builder.getInt64(access.size), context});
                      });
}

void emit_masked_hooks(HookTable& hooks, const Access& access, Value* context,
                       llvm::Instruction* place) {
  llvm::DebugLoc location = debug_location_near(*access.instruction);
  uint64_t elements = llvm::cast<llvm::FixedVectorType>(access.mask->getType())->getNumElements();
  uint64_t size = access.size / elements;
  for_each_element_on(access.mask, place, location, [&](IRBuilder<>& builder, unsigned element) {
    Value* address = builder.CreatePtrAdd(access.address, builder.getInt64(element * size));
    hooks.call(builder, range_hook(access.kind), {address, builder.getInt64(size), context});
  });
}

}  // namespace fibersan::instrument
