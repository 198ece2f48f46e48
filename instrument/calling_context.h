// calling_context.h: tells each callee through which calls it was reached.
//
// Input:    the calls and returns of a function.
// Output:   before a call, __fsan_running.context = mix(value on entry) + call site; before
//           a return, the value on entry again (hooks.h, I3).
// Cost:     two or three instructions for a call, one for a return, a multiplication and a
//           rotation for a function.
//
// Invariants
//   X1  The value on entry is held in the frame, so nothing has to be done when an
//       exception passes: the frame that catches it sets the context before its next call.
//   X2  A musttail call replaces the frame. Its callee gets the value on entry, as if the
//       caller had called it, which is what the real stack says too.
//   X3  Every call site has an id of its own, made of the source file's name, the
//       function's name and the number of the call: the same in every build.
#ifndef FIBERSAN_INSTRUMENT_CALLING_CONTEXT_H
#define FIBERSAN_INSTRUMENT_CALLING_CONTEXT_H

#include "instrument/access.h"
#include "instrument/running_state.h"

namespace fibersan::instrument {

// The callee, or what it calls, may read the context.
bool wants_context(const llvm::CallBase& call);

void emit_context(RunningState& state, const FunctionPlan& plan, llvm::Value* entry_context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CALLING_CONTEXT_H
