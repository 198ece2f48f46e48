// check_merging.h: one wider check for neighbouring bytes.
//
//     load i32, p + 8    line 7           check 8 bytes at p + 8, line 7
//     load i32, p + 12   line 7    ->     load i32, p + 8
//                                         load i32, p + 12
//
// Input:    accesses that pruning left.
// Output:   two accesses that together are one aligned piece of 2, 4 or 8 bytes become one, at
//           the place of the first; then again with the result.
// Cost:     a look at the last kRemembered accesses of a block for each access.
//
// Invariants
//   M1  Only bytes that are really accessed are checked: no gaps, and between the two places
//       in one block nothing may synchronise or not return. Then a check of the second
//       access at the first place finds what it would have found, and the access comes.
//   M2  Both are of one line of one function as inlined there, and of one kind, so that a report
//   names
//       a line that does access the bytes.
//   M3  A piece lies within one cell of the shadow, as far as is known: a check of two cells
//       costs what two checks cost.
#ifndef FIBERSAN_INSTRUMENT_CHECK_MERGING_H
#define FIBERSAN_INSTRUMENT_CHECK_MERGING_H

#include <vector>

#include "instrument/access.h"
#include "instrument/eliminations.h"
#include "instrument/release_summary.h"

namespace fibersan::instrument {

void merge_checks(std::vector<Access>& accesses, const ReleaseSummary& summary,
                  Statistics& statistics);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_MERGING_H
