// instrumentation_note.h: each object file says how it was instrumented, for who reads the file.
//
// Output:   a note of detector/abi/note.h in section .note.fibersan: version, options, how many
//           functions are checked.
// Not here: what a module says to the detector when it is loaded, see module_constructor.h.
#ifndef FIBERSAN_INSTRUMENT_INSTRUMENTATION_NOTE_H
#define FIBERSAN_INSTRUMENT_INSTRUMENTATION_NOTE_H

#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// Once for each module with code, also when its bitcode comes back.
void emit_instrumentation_note(llvm::Module& module, unsigned checked_functions);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_INSTRUMENTATION_NOTE_H
