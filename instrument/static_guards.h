// static_guards.h: the order that the first use of a local static gives.
//
// The fast path of a local static is an acquire load of its guard, which is instrumented
// like any atomic. The release is inside __cxa_guard_release, which is not: so calls to
// the C++ ABI's three guard functions get the hooks acquire and release on the guard.
#ifndef FIBERSAN_INSTRUMENT_STATIC_GUARDS_H
#define FIBERSAN_INSTRUMENT_STATIC_GUARDS_H

#include "instrument/hook_table.h"
#include "llvm/IR/InstrTypes.h"

namespace fibersan::instrument {

bool is_guard_call(const llvm::CallBase& call);

// Acquire after __cxa_guard_acquire, whatever it returned; release before
// __cxa_guard_release, and before __cxa_guard_abort, after which another fiber tries.
void emit_guard_call(HookTable& hooks, llvm::CallBase& call);

// A thread_local with a constructor is made by the first fiber that uses it on its thread, and
// that happens before every later use there: release on the guard behind the constructors, acquire
// on it where the fast path joins. At the start of the pipeline, while guards are as clang made
// them.
void order_thread_local_guards(llvm::Module& module);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_STATIC_GUARDS_H
