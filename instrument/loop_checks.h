// loop_checks.h: makes one check before a loop of those that its iterations would make.
//
// Input:    the accesses that pruning left, and the function, not changed since they were
//           selected.
// Output:   the plan without them, and with the checks that stand for them at the end of the
//           loops' preheaders. Values are computed there; the CFG stays.
// Cost:     LoopInfo and ScalarEvolution, for functions with accesses in loops.
// Not here: what a loop surely does, see loop_certainty.h; polls, which are placed already: a
//           loop that counts far has been cut in chunks (counted_loop.h), its accesses are
//           checked chunk by chunk.
//
//   hoisted     for (...) sum += *p + a[i];      check p before the loop
//   loop-range  for (i = 0; i < n; ++i) a[i];    check n elements from a on before the loop
//
// Invariants
//   M1  A check moves only over what neither acquires nor releases, to a place from which the
//       access is surely reached: nobody can tell that it was made earlier.
//   M2  It stands for the accesses of later iterations only where the loop does not release.
//   M3  A range has exactly the bytes that the loop accesses: the count of iterations is exact,
//       and every one of them comes to the access.
//   M4  What is left to an inline check in each iteration is never more than one call would cost:
//       kFewAccesses.
//   M5  The location of a check is that of the first access that it stands for.
//   M6  A check that moved to the preheader of an inner loop is an access of the outer one.
//
// A range is stamped before its bytes are accessed. Another fiber's access in the meantime that
// is not ordered finds the stamps, as it would find the later ones: what it is ordered after is
// the same, for this fiber's clock stands still until the loop ends (M1).
#ifndef FIBERSAN_INSTRUMENT_LOOP_CHECKS_H
#define FIBERSAN_INSTRUMENT_LOOP_CHECKS_H

#include "instrument/access.h"
#include "instrument/eliminations.h"
#include "instrument/release_summary.h"
#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

void move_checks_out_of_loops(llvm::Function& function, FunctionPlan& plan,
                              const ReleaseSummary& summary,
                              llvm::FunctionAnalysisManager& analyses, Statistics& statistics);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LOOP_CHECKS_H
