// summaries.h: the last findings in one line each, for programs that ask for their own.
//
// Input:    each finding's summary as it is reported; the two hooks of hooks.def.
// Cost:     bounded: the last kSummaries lines.
// Threads:  under the findings lock, which finding_summary takes.
#ifndef FIBERSAN_DETECTOR_FINDINGS_SUMMARIES_H
#define FIBERSAN_DETECTOR_FINDINGS_SUMMARIES_H

#include <cstddef>
#include <string>

namespace fibersan {

constexpr size_t kSummaries = 64;

void remember_summary(std::string line);

// In a forked child, whose findings are counted anew.
void forget_summaries();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_SUMMARIES_H
