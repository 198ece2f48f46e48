// check_pruning.h: leaves out checks that another check makes needless.
//
// A fact is "bytes [begin, end) of an address form are checked, for reading or for writing". A
// check makes the facts of its own bytes, of all bytes in it, and for a write those of reads.
//
//   repeated   forwards: a fact holds where it was made on every path, with no release since
//              (the greatest solution, so that it holds in loops that do not release). A check
//              whose fact holds already is left out.
//   later      backwards, among the checks that are left: a fact is certain where every path
//              makes it before anything that may synchronise or not go on, and before any
//              branch backwards. A check whose fact is certain to be made is left out.
//
// Input:    the accesses of a FunctionPlan, in the order of A2; nothing emitted yet.
// Output:   the same without those that another check stands for.
// Cost:     blocks * facts bits, at most kMostBits; facts beyond are not used. Only facts that
//           two checks make count. A few passes over the bits, at most kMostPasses.
// Not here: merging neighbouring bytes; loops whose accesses move (loop_range).
//
// Invariants
//   R1  Between a check that stands earlier and the access there is no release: the fiber's
//       stamp is the same, so whoever is not ordered after the access finds it. What the fiber
//       learns in between only orders others before the access.
//   R2  A check under a mask makes no fact, nor does that of a vptr that is set: when it is
//       set to what it is, there is no check.
//   R3  A check that stands later surely runs, and in between nothing comes in or goes out: no
//       synchronisation, no throw, no exit, no loop, no poll (the run may end before the fiber
//       goes on). Checks in between may let others run for a moment; that is not counted.
//   R4  Coverage is transitive. `later` sees only what `repeated` left, and only what it leaves
//       itself makes facts; what was left out for a check that goes now is covered by the one
//       that stays, because each path goes through that before anything synchronises.
//
// Rejected: dominance with a search for releases on the paths in between: quadratic, and blind
// for the two arms of a branch.
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
