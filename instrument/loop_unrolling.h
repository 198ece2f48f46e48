// loop_unrolling.h: makes room for a test in loops of a few instructions that are no count.
//
// Such a loop (a search, a list, a conversion of digits) would pay a third of its time for a
// test in each iteration. Its body is repeated, each copy with the ways out of the original,
// and the test stands behind the last copy.
//
// Input:    a simplified loop without loops inside.
// Output:   true when it was changed; the analyses given are kept up to date.
#ifndef FIBERSAN_INSTRUMENT_LOOP_UNROLLING_H
#define FIBERSAN_INSTRUMENT_LOOP_UNROLLING_H

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

bool repeat_body(llvm::Loop& loop, unsigned times, llvm::FunctionAnalysisManager& analyses);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LOOP_UNROLLING_H
