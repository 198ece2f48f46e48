// prefetches.h: where a program fetches memory ahead, its shadow is fetched, too.
//
// Who prefetches waits for memory, and would wait for twice as much in the check: a row of a hash
// table, the next node. Of a line of memory the shadow is two lines.
//
// Output:   two prefetches beside each of the program's, of the same locality.
#ifndef FIBERSAN_INSTRUMENT_PREFETCHES_H
#define FIBERSAN_INSTRUMENT_PREFETCHES_H

#include "instrument/running_state.h"
#include "llvm/IR/Function.h"

namespace fibersan::instrument {

void prefetch_shadow(RunningState& state, llvm::Function& function);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_PREFETCHES_H
