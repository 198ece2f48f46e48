// html.h: documents as one page that needs nothing beside it: no network, no other file.
//
// Input:    documents of any number of processes; source files, which are read now and of which the
//           lines around each frame become part of the page.
// Output:   HTML: a list to search and filter; for each finding its stacks side by side with
// sources, a
//           time line of its fibers, and who waits for whom.
// Cost:     linear. The page makes an element only of what is seen, so that 100 000 findings are
//           usable, see README.md.
// Threads:  any.
//
// Invariants
//   H1  All that comes from a program is in blocks of JSON in which < is written as \u003c. The
//   page
//       makes texts of it and never markup, but for graphs, which escape themselves.
//   H2  The page's policy allows the one script and the one style sheet that have the right hash.
//   H3  A source line that cannot be shown says why.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_HTML_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_HTML_H

#include <cstddef>
#include <span>
#include <string>

#include "detector/report/document.h"
#include "detector/report/render/options.h"

namespace fibersan {

struct HtmlLimits {
  size_t source_bytes = size_t{32} << 20;  // of lines; later ones are not shown
  size_t graph_bytes = size_t{32} << 20;
  size_t graph_nodes = 300;  // more are no picture
};

std::string render_html(std::span<const Document> documents, const RenderOptions& options,
                        const HtmlLimits& limits = {});

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_HTML_H
