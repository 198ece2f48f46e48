// inline_check.h: the inline check of one access: a comparison, and the call of a thunk.
//
// An access is covered when the running fiber's stamp, of the current epoch, lies in the
// shadow of all its bytes (hooks.h). The check has up to three parts, cheapest first:
//
//   full     each 8-byte cell holds our stamp with all eight bytes, in the slot where the
//            detector prefers to put it: slot 0 a write, slot 1 a read. One comparison
//            for each cell. Most arrays and structs end here.
//   masked   either slot of the cell holds our stamp with at least the accessed bytes.
//   miss     the cell is stamped, and the access checked.
//
// The last two are behind the thunk, in detector/race/check_entry.h, which keeps every register.
// Where code is not run often all three are behind a call (short_check.h). A thunk puts address and
// context where that entry wants them. It is shared by all accesses of an object file that have the
// same kind, size, address as the assembler sees it (a register and a constant) and place of the
// context.
//
// Cost:     full: one compare-and-branch for each cell, besides what is shared, and five bytes of
//           call; a thunk some 15 bytes. One statement of assembly, so that LLVM has no more
//           blocks than before.
//
// Invariants
//   C1  No bit but the read bit is ignored, and that one only for reads: an atomic stamp
//       never covers a plain access.
//   C2  The call returns to just in front of the access and has its debug location: that is the
//       pc of a report.
//   C3  A check reads shadow and stamp only; it never writes.
//   C4  The statement is marked `alignstack`: rsp is aligned, and what is below it is the thunk's,
//       for the function has no red zone then. Operands that may be addressed by rsp (the
//       context's slot, objects in the frame) are read while rsp is as the function has it.
//   C5  Labels are local ones with numbers, since later passes may copy the statement.
//   C6  A thunk refers to no code of a function: the linker may drop any function.
#ifndef FIBERSAN_INSTRUMENT_INLINE_CHECK_H
#define FIBERSAN_INSTRUMENT_INLINE_CHECK_H

#include "detector/abi/hooks.h"
#include "instrument/access.h"
#include "instrument/hook_table.h"
#include "instrument/shared_tails.h"

namespace fibersan::instrument {

constexpr uint64_t kCellSize = 8;

// What a check shares with its neighbours in the code.
struct SharedValues {
  llvm::Value* stamp;       // with all bytes set in its mask
  llvm::Value* read_stamp;  // the same with the read bit
  llvm::Value* shadow;      // address of slot 0 of the cell of the access's first byte
};

// Address of slot 0 of the cell that holds the byte at `address` + `offset`. A `mask` of fewer bits
// rounds it down.
llvm::Value* shadow_of(llvm::IRBuilder<>& builder, llvm::Value* address, uint64_t offset,
                       llvm::Value* shadow_base, uint64_t mask = FSAN_SHADOW_MASK);

// What LLVM may assume of a statement that checks.
void mark_as_check(llvm::CallInst& assembly);

// Of an access under a mask; 0: no entry takes elements of that size.
uint64_t masked_element_size(const Access& access);

// What the checks of a function have in common.
struct CheckTarget {
  llvm::Value* context_slot;  // holds the value on entry; null: __fsan_running holds it all along
  bool for_executable;
  SharedTails& tails;
};

void emit_inline_check(const Access& access, const SharedValues& shared, llvm::Value* shadow_base,
                       const CheckTarget& target);

// The call of the hook alone.
void emit_access_hook(llvm::IRBuilder<>& builder, HookTable& hooks, const Access& access,
                      llvm::Value* context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INLINE_CHECK_H
