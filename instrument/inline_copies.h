// inline_copies.h: keeps instrumented copies of inline functions apart from plain ones.
//
// An inline function or template is compiled into every object that uses it, and the
// linker keeps one copy for all. Were it ours, the runtime, the detector and libraries
// would call instrumented code under their own locks: hooks inside hooks. Were it theirs,
// the user's accesses would go unchecked.
//
// Input:    instrumented functions of which each user has a copy (linkonce_odr).
// Output:   the same functions, aliases and comdat groups named <name>.fibersan, so that
//           instrumented objects share copies among themselves only. An ignored one (an ignore
//           list holds for one object, not for all) is <name>.fibersan.unchecked: it must not
//           become the copy of objects that check.
// Not here: explicit instantiations (weak_odr), which other objects refer to by name;
//           static locals, which are variables and stay one for all.
//
// Known:    the address of an inline function differs between instrumented and plain
//           objects.
#ifndef FIBERSAN_INSTRUMENT_INLINE_COPIES_H
#define FIBERSAN_INSTRUMENT_INLINE_COPIES_H

#include <vector>

#include "llvm/IR/Module.h"

namespace fibersan::instrument {

void separate_inline_copies(llvm::Module& module, const std::vector<llvm::Function*>& instrumented);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INLINE_COPIES_H
