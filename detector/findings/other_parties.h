// other_parties.h: who else had a part in the misuse of an object, and where.
//
// Input:    the object: its record (race/objects.h), and the fibers that hold or await it.
// Output:   parties of the Report.
// Cost:     a walk over all live fibers, for the kinds that ask who holds or waits.
// Threads:  the holder of the FindingScope.
//
// Invariants
//   O1  Of another fiber only what cannot change is read: its set of locks and its stack while it
//       waits, its last acquire otherwise.
#ifndef FIBERSAN_DETECTOR_FINDINGS_OTHER_PARTIES_H
#define FIBERSAN_DETECTOR_FINDINGS_OTHER_PARTIES_H

#include "detector/fiber.h"
#include "detector/findings/findings.h"
#include "detector/report/report.h"

namespace fibersan {

// `self` is left out; null: nobody's.
void add_other_parties(FindingScope& scope, fsan_finding_kind kind, const void* object,
                       const fsan_fiber* self, Report& report);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_OTHER_PARTIES_H
