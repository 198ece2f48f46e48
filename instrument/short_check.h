// short_check.h: the check of one access as one call of five bytes, where code is not run often.
//
// The thunk that is called puts twice the address into r10 and jumps to a test, which thunks
// share: of all object files, for it is a group that the linker keeps once. The test looks for the
// running fiber's stamp in both slots of the cell, first with all bytes, then with at least those
// of the access; what it does not find goes on to the detector (detector/race/check_entry.h).
//
// Cost:     a hit with all bytes is call, two jumps, return and ten or twelve instructions, with
//           two scratch registers; one with some bytes of the cell another dozen.
//
// Invariants
//   H1  C1, C2, C3, C5 and C6 of inline_check.h.
//   H2  The address is in a register: rsp cannot be in it. The context's slot may be addressed by
//       rsp, and is read while rsp is as the function has it.
//   H3  A test changes r10, r11 and the flags, and memory below rsp.
#ifndef FIBERSAN_INSTRUMENT_SHORT_CHECK_H
#define FIBERSAN_INSTRUMENT_SHORT_CHECK_H

#include "instrument/access.h"

namespace fibersan::instrument {

struct CheckTarget;

bool has_short_check(const Access& access);
void emit_short_check(const Access& access, const CheckTarget& target);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_SHORT_CHECK_H
