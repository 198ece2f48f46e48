// doubts.h: what keeps a process's silence from being a proof.
//
// Input:    a process's document, and how many findings all documents have that are shown together.
// Output:   one for each reason, none when what is shown is all.
// Threads:  any; a pure function.
// Not here: forgotten accesses, which the document's precision tells of.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_DOUBTS_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_DOUBTS_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "detector/report/document.h"

namespace fibersan {

struct Doubt {
  const char* id;     // the SARIF descriptor's
  const char* title;  // a few words
  std::string text;   // whole sentences
};

uint64_t findings_in(std::span<const Document> documents);

// Children of the process had findings (children_exitcode) that are not among so many.
bool misses_findings_of_children(const Document& document, uint64_t all_findings);

std::vector<Doubt> doubts_of(const Document& document, uint64_t all_findings);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_DOUBTS_H
