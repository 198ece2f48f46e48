// junit.h: documents as JUnit XML, as CI servers show test results.
//
// Output:   a test suite for each process, a failed case for each finding, a skipped one for each
//           suppression that matched, an error when the process's silence proves nothing, and one
//           that passed for a process with none of these.
// Cost:     linear; the reports' texts stop at JunitLimits::bytes, their cases do not.
// Threads:  any; a pure function but for the names of source files.
//
// Invariants
//   X1  The name of a case is the same in each run that has the finding: servers tell by it what is
//       new. So it has the function and the fingerprint, and neither lines nor numbers of fibers.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_JUNIT_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_JUNIT_H

#include <cstddef>
#include <span>
#include <string>

#include "detector/report/document.h"
#include "detector/report/render/options.h"

namespace fibersan {

struct JunitLimits {
  size_t bytes = size_t{24} << 20;  // GitLab takes 30 MB, others read it into memory
};

std::string render_junit(std::span<const Document> documents, const RenderOptions& options,
                         const JunitLimits& limits = {});

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_JUNIT_H
