// check_emitter.h: the inline check of one access, and the cold call behind it.
//
// An access is covered when the running fiber's stamp, of the current epoch, lies in the
// shadow of all its bytes (hooks.h). The check has up to three parts, cheapest first:
//
//   full     each 8-byte cell holds our stamp with all eight bytes, in the slot where the
//            detector prefers to put it: slot 0 a write, slot 1 a read. One comparison
//            for each cell. Most arrays end here.
//   masked   either slot of each cell holds our stamp with at least the accessed bytes.
//            Only where the position in the cell is known: one cell, or 8-byte alignment.
//   cold     the hook.
//
// Cost:     full: shadow address 2 instructions, stamp 2 (once for a stretch), then one
//           compare-and-branch for each cell.
//
// Invariants
//   C1  No bit but the read bit is ignored, and that one only for reads: an atomic stamp
//       never covers a plain access.
//   C2  The cold block is at the function's end, its call cannot be merged with another
//       one and has the debug location of the access.
//   C3  A check reads shadow and stamp only; it never writes.
#ifndef FIBERSAN_INSTRUMENT_CHECK_EMITTER_H
#define FIBERSAN_INSTRUMENT_CHECK_EMITTER_H

#include <vector>

#include "instrument/access.h"
#include "instrument/hook_table.h"
#include "instrument/running_state.h"

namespace fibersan::instrument {

// Larger accesses go to the range hooks without an inline check.
constexpr uint64_t kLargestInlineCheck = 64;

class CheckEmitter {
 public:
  // `context` is the value on entry to the function, see calling_context.h.
  CheckEmitter(HookTable& hooks, RunningState& state, llvm::Value* context)
      : hooks_(hooks), state_(state), context_(context) {}

  // All checks of one function. The accesses are as in A2.
  void emit(const std::vector<Access>& accesses);

 private:
  void emit(const Access& access, llvm::Value* stamp, llvm::Value* shadow_base);

  HookTable& hooks_;
  RunningState& state_;
  llvm::Value* context_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_EMITTER_H
