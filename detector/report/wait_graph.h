// wait_graph.h: who waits for whom, as a graph, and that as Graphviz text or as a page.
//
// Input:    a Report with fibers that wait, or with locks taken in a circle.
// Output:   plain data; a .dot file's text; SVG; an HTML page that needs nothing beside it.
// Threads:  any; pure functions.
// Not here: where boxes go on the page, see graph_layout.h; files, see findings/graph_files.h.
//
// Invariants
//   W1  Each fiber or group is one node, and so is each object. Whoever is only named (a holder, a
//       creator) is a node without lines of its own.
#ifndef FIBERSAN_DETECTOR_REPORT_WAIT_GRAPH_H
#define FIBERSAN_DETECTOR_REPORT_WAIT_GRAPH_H

#include <cstddef>
#include <string>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

struct WaitGraph {
  struct Node {
    bool is_fiber = true;  // else an object
    std::vector<std::string> lines;
  };
  struct Edge {
    enum class Kind { kWaitsFor, kHeldBy, kCreatedBy, kTakenBefore };
    size_t from = 0;
    size_t to = 0;
    Kind kind = Kind::kWaitsFor;
    std::string label;
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

WaitGraph wait_graph_of(const Report& report);

std::string render_dot(const WaitGraph& graph);
// Inline SVG, coloured by the page's style sheet: the classes are those of render_page().
std::string render_svg(const WaitGraph& graph);
// `text`: the report, shown below the picture.
std::string render_page(const WaitGraph& graph, const std::string& title, const std::string& text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_WAIT_GRAPH_H
