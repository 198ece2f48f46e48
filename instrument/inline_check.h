// inline_check.h: the inline check of one access, and the cold call behind it.
//
// An access is covered when the running fiber's stamp, of the current epoch, lies in the
// shadow of all its bytes (hooks.h). The check has up to three parts, cheapest first:
//
//   full     each 8-byte cell holds our stamp with all eight bytes, in the slot where the
//            detector prefers to put it: slot 0 a write, slot 1 a read. One comparison
//            for each cell. Most arrays and structs end here.
//   masked   either slot of each cell holds our stamp with at least the accessed bytes.
//            Only where the position in the cell is known: one cell, or 8-byte alignment.
//   cold     the hook; for a vector under a mask, one call for each element that is on.
//
// Cost:     full: one compare-and-branch for each cell, besides what is shared.
//
// Invariants
//   C1  No bit but the read bit is ignored, and that one only for reads: an atomic stamp
//       never covers a plain access.
//   C2  The cold block is at the function's end, its call cannot be merged with another
//       one and has the debug location of the access.
//   C3  A check reads shadow and stamp only; it never writes.
#ifndef FIBERSAN_INSTRUMENT_INLINE_CHECK_H
#define FIBERSAN_INSTRUMENT_INLINE_CHECK_H

#include "instrument/access.h"
#include "instrument/hook_table.h"

namespace fibersan::instrument {

constexpr uint64_t kCellSize = 8;
constexpr uint64_t kAllBytes = 0xff;

// What a check shares with its neighbours in the code.
struct SharedValues {
  llvm::Value* stamp;       // with all bytes set in its mask
  llvm::Value* read_stamp;  // the same with the read bit
  llvm::Value* shadow;      // address of slot 0 of the cell of the access's first byte
};

// Address of slot 0 of the cell that holds the byte at `address` + `offset`.
llvm::Value* shadow_of(llvm::IRBuilder<>& builder, llvm::Value* address, uint64_t offset,
                       llvm::Value* shadow_base);

// Splits the block at the access. `context` is the value on entry to the function.
void emit_inline_check(HookTable& hooks, const Access& access, const SharedValues& shared,
                       llvm::Value* shadow_base, llvm::Value* context);

// The call of the hook alone.
void emit_access_hook(llvm::IRBuilder<>& builder, HookTable& hooks, const Access& access,
                      llvm::Value* context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INLINE_CHECK_H
