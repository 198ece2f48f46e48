// libc_calls.h: user memory that functions of the C library read and write is checked.
//
// Input:    detector/abi/libc_functions.def, the functions that have a checked twin.
// Output:   every use of their declarations in instrumented functions and in initialisers of
//           variables (calls, invokes, addresses) is a use of the twin.
// Cost:     one look-up for each row of the table and module.
// Not here: memcpy, memmove and memset that are intrinsics already (memory_ranges.h): an
//           operation is one of the two, never both.
//
// Invariants
//   L1  A function with a body in this module, or of another type, is the user's own and
//       stays. So do uses in functions that are not checked, except of functions of a
//       descriptor: they order what is read after what was written.
//   L2  After the optimiser only: it knows the original's name and meaning, and would not
//       those of the twin.
//
// Rejected: interposition of the symbols, as ThreadSanitizer does it: runtime, detector and
//           libraries that are not instrumented would pay for every call and need to be told
//           from user code by the return address.
#ifndef FIBERSAN_INSTRUMENT_LIBC_CALLS_H
#define FIBERSAN_INSTRUMENT_LIBC_CALLS_H

#include "instrument/function_filter.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

void redirect_libc_calls(llvm::Module& module, const FunctionFilter& filter);

bool is_libc_twin(const llvm::Function& function);
// What the twin stands for; other names stay.
llvm::StringRef original_libc_name(llvm::StringRef name);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LIBC_CALLS_H
