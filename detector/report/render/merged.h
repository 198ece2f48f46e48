// merged.h: the findings of several processes, each once.
//
// Input:    Documents, which outlive the result.
// Output:   one for each kind and fingerprint, the worst kinds first, otherwise in the order in
// which
//           they were found; where each occurred.
// Threads:  any; a pure function.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_MERGED_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_MERGED_H

#include <cstddef>
#include <span>
#include <vector>

#include "detector/report/document.h"

namespace fibersan {

struct MergedFinding {
  const Report* report = nullptr;  // its first occurrence
  std::vector<size_t> documents;   // where it occurred, at least one; each once
};

std::vector<MergedFinding> merged(std::span<const Document> documents);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_MERGED_H
