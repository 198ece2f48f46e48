// sarif.h: documents as SARIF 2.1.0, as GitHub's code scanning and editors read it.
//
// Input:    documents of any number of processes; source files, if they can be found.
// Output:   a log of one run: one invocation for each process, one result for each finding of all
// of
//           them, the worst kinds first.
// Cost:     linear; little more than SarifLimits::bytes of text, whatever comes in.
// Threads:  any.
//
// Invariants
//   R1  What GitHub would refuse is cut before, and a notification of the first invocation says
//       how much: results per run, locations per result, bytes.
//   R2  primaryLocationLineHash is the one that GitHub's upload action computes. Where the source
//       cannot be read there is none, and the action adds it: a made-up one would never agree.
//   R3  A result's primary location is in the repository if any frame of its stacks is.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_H

#include <cstddef>
#include <span>
#include <string>

#include "detector/report/document.h"
#include "detector/report/render/options.h"

namespace fibersan {

struct SarifLimits {
  size_t results = 25'000;               // GitHub refuses more, and shows the first 5 000
  size_t related_locations = 100;        // shown; 1 000 are allowed
  size_t thread_flow_locations = 1'000;  // shown; 10 000 are allowed
  // 10 MB compressed are allowed; gzip makes a tenth of it or less, see README.md.
  size_t bytes = size_t{90} << 20;
};

std::string render_sarif(std::span<const Document> documents, const RenderOptions& options,
                         const SarifLimits& limits = {});

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_H
