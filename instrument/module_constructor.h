// module_constructor.h: every instrumented module announces itself.
//
// Output:   a constructor that calls __fsan_module_loaded(ABI version, functions), so that
//           the detector refuses a module built for another ABI; and a reference to a
//           symbol that only the detector defines and whose name is advice, for the
//           linker's message when it is missing.
#ifndef FIBERSAN_INSTRUMENT_MODULE_CONSTRUCTOR_H
#define FIBERSAN_INSTRUMENT_MODULE_CONSTRUCTOR_H

#include "instrument/hook_table.h"

namespace fibersan::instrument {

void emit_module_constructor(HookTable& hooks, llvm::Module& module, unsigned checked_functions);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_MODULE_CONSTRUCTOR_H
