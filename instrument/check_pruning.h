// check_pruning.h: leaves out checks that another check makes needless.
//
// Input:    the accesses of a FunctionPlan, in the order of A2.
// Output:   the same without those whose bytes an equal or stronger check covers with
//           nothing between the two that may release. A write check covers reads; a read
//           whose bytes are written next is left to the check of the write.
// Cost:     one walk; what is remembered for a block is at most kRemembered ranges.
// Not here: reasoning over loops and joins of the control flow.
//
// Invariants
//   R1  The covering check is earlier in the same block or in a block that the code can
//       only come through (a chain of single predecessors), or it is the check of a write
//       later in the same stretch (A1), which runs whenever the read before it runs.
//   R2  A check under a mask covers nothing, nor does that of a vptr that is set: when it is
//       set to what it is, there is no check.
//   R3  A check that others were dropped for is only dropped itself for one that covers
//       it, so coverage is transitive.
#ifndef FIBERSAN_INSTRUMENT_CHECK_PRUNING_H
#define FIBERSAN_INSTRUMENT_CHECK_PRUNING_H

#include <vector>

#include "instrument/access.h"
#include "instrument/eliminations.h"
#include "instrument/release_summary.h"

namespace fibersan::instrument {

void prune_checks(std::vector<Access>& accesses, const ReleaseSummary& summary,
                  Statistics& statistics);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_PRUNING_H
