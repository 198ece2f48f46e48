// github.h: documents as workflow commands, from which GitHub Actions makes annotations.
//
// Output:   lines for the standard output of a step: ::error file=...,line=...,title=...::...; one
// for
//           each finding of all processes, the worst kinds first.
// Threads:  any; a pure function but for the names of source files.
//
// Invariants
//   A1  At most GithubLimits::of_level of each level: GitHub shows no more in a step. A last line,
//   which is no
//       command, says how many findings have none.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_GITHUB_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_GITHUB_H

#include <cstddef>
#include <span>
#include <string>

#include "detector/report/document.h"
#include "detector/report/render/options.h"

namespace fibersan {

struct GithubLimits {
  size_t of_level = 10;
};

std::string render_github(std::span<const Document> documents, const RenderOptions& options,
                          const GithubLimits& limits = {});

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_GITHUB_H
