// findings.h: the one door through which a Report leaves the detector.
//
// Input:    Reports, built while a FindingScope is held.
// Output:   text on the chosen output; the number of findings; the end of the process
//           when the options want it.
// Threads:  any. One finding is built and printed at a time, under the findings lock
//           (rank: above every other lock of the detector; taken with none held).
// Not here: what is found, see race/ and deadlock/.
//
// Invariants
//   D1  A finding is never built inside another one on the same thread: what the report
//       code itself does is not checked.
//   D2  Two findings with the same fingerprint are printed once; the others are counted.
//   D3  After end_of_findings() nothing is published.
#ifndef FIBERSAN_DETECTOR_FINDINGS_FINDINGS_H
#define FIBERSAN_DETECTOR_FINDINGS_FINDINGS_H

#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/heap/inside_detector.h"
#include "detector/report/report.h"
#include "detector/symbolize/symbolizer.h"

namespace fibersan {

// Whether findings are wanted at all, and this thread is not already building one (D1).
bool may_report();

// The end of the process: waits, but not for ever, for a report in progress; what comes
// afterwards, in exit functions or beside them, is no finding any more. Safe in signal handlers.
// False: a report in progress did not end, its text may be cut.
bool end_of_findings();
bool findings_are_over();

// Holds the findings lock and marks the thread as inside the detector.
class FindingScope {
 public:
  FindingScope();
  ~FindingScope();
  FindingScope(const FindingScope&) = delete;
  FindingScope& operator=(const FindingScope&) = delete;

  // False when it was seen before (counted), or after the end (D3).
  bool is_new(uint64_t fingerprint);
  // Remembers that a finding was about this object. False when one was before.
  bool is_first_about(const void* object);
  // Fills in kind and pid, prints or writes, counts. Does not return when the options halt on
  // errors. False: a suppression names it.
  bool publish(fsan_finding_kind kind, Report& report);
  Symbolizer& symbolizer();

 private:
  InsideDetector inside_;
};

uint64_t findings_reported();

// A finding that was reported before has occurred again, so many times.
void count_occurrences(uint64_t count);
uint64_t findings_suppressed();
uint64_t further_occurrences();

// Around fork(): no other thread is within a report, and the child starts with none.
void findings_before_fork();
void findings_after_fork_in_parent();
void findings_after_fork_in_child();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_FINDINGS_H
