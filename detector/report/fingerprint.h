// fingerprint.h: a finding's name, the same in each run and after changes elsewhere in its files.
//
// Input:    a Report that is complete. Output: 16 hexadecimal digits.
// Threads:  any; a pure function.
// Not here: which findings of one run are the same: those compare stacks, see findings.h.
//
// Invariants
//   F1  Only what the source says counts: the finding's kind, kinds of accesses, names of
//       functions as function_name.h leaves them, the global variable. Of a frame without a name
//       it is the module. No addresses, ids, lines, folders.
//   F2  The sides of a race, waiting fibers and the steps of a cycle have no order.
#ifndef FIBERSAN_DETECTOR_REPORT_FINGERPRINT_H
#define FIBERSAN_DETECTOR_REPORT_FINGERPRINT_H

#include <string>

#include "detector/report/report.h"

namespace fibersan {

std::string fingerprint_of(const Report& report);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_FINGERPRINT_H
