// inline_range.h: the check of a range whose size is known only when the program runs, before a
// loop.
//
//     cmpq cell, last;  je 4f;                   or more than kMostInlineCells apart: jb 2f
//   3: cmpq stamp, (cell);  jne 2f;  cmpq stamp, 16(cell);  jne 2f
//     addq 32, cell;  cmpq last, cell;  jb 3b
//   4: cmpq stamp, (last);  jne 2f
//   1:                                           the loop follows
//     .subsection 1
//   2: pushq context;  callq __fsan_check_write_loop;  jmp 1b
//     .previous
//
// For reads the first cell decides in which slot the stamp is looked for, in all of them.
//
// Cost:     one to two cycles for each cell, none of them a call: a loop of few iterations costs
//           what the checks of its elements would. Two instructions for the last cell. Where code
//           is not run often a call of the whole test.
//
// Invariants
//   C7  As C1 to C5 of inline_check.h. The branch in front of label 1 leads to the stub (N1 of
//       detector/race/check_entry.h).
//   C8  The entry loses the registers that the statement names, no others
//       (detector/race/loop_entry.cpp).
//
// Rejected: a function in the usual convention that compares by AVX2 (all registers of vectors are
// spilled around it: loops of up to 64 elements took up to 2.9 times as long as with
// checks of the elements); a test of the first and the last cell alone.
#ifndef FIBERSAN_INSTRUMENT_INLINE_RANGE_H
#define FIBERSAN_INSTRUMENT_INLINE_RANGE_H

#include "instrument/access.h"
#include "instrument/inline_check.h"

namespace fibersan::instrument {

// `stamp` as in SharedValues, of a write or a read.
void emit_inline_range(const RangeAccess& access, llvm::Value* stamp, llvm::Value* shadow_base,
                       const CheckTarget& target);
void emit_short_range(const RangeAccess& access, const CheckTarget& target);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INLINE_RANGE_H
