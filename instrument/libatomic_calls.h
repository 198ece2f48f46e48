// libatomic_calls.h: replaces calls to libatomic by the atomic hooks.
//
// Input:    __atomic_{load,store,exchange,compare_exchange}[_N], __atomic_fetch_<op>_N and
//           __atomic_<op>_fetch_N: what clang emits for objects that are too large or not
//           aligned enough for an instruction.
// Not here: the plain access to `*expected` of a compare-exchange is not checked.
#ifndef FIBERSAN_INSTRUMENT_LIBATOMIC_CALLS_H
#define FIBERSAN_INSTRUMENT_LIBATOMIC_CALLS_H

#include "instrument/hook_table.h"
#include "llvm/IR/InstrTypes.h"

namespace fibersan::instrument {

bool is_libatomic_call(const llvm::CallBase& call);

// `context` is the value on entry to the function. The call is erased.
void emit_libatomic_call(HookTable& hooks, llvm::CallBase& call, llvm::Value* context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LIBATOMIC_CALLS_H
