// graph_layout.h: where the nodes of a wait-for graph go on a page.
//
// Input:    a graph, and how large each node is. Output: the centre of each, in pixels.
// Cost:     O((nodes + edges) log nodes).
// Threads:  any; a pure function.
//
// A ring of waits, up to kMostInRing nodes, is drawn as a circle, for that is what it is. Others
// in rows: each node below those that point to it, edges that close a ring left out, and near
// the middle of its neighbours in the row above (Sugiyama and others 1981). Who created whom has no
// say in it.
//
// Invariants
//   G1  Nodes do not overlap.
#ifndef FIBERSAN_DETECTOR_REPORT_GRAPH_LAYOUT_H
#define FIBERSAN_DETECTOR_REPORT_GRAPH_LAYOUT_H

#include <vector>

#include "detector/report/wait_graph.h"

namespace fibersan {

struct NodeBox {
  double x = 0;  // of the centre
  double y = 0;
  double width = 0;
  double height = 0;
};

struct GraphLayout {
  static constexpr size_t kMostInRing = 24;

  std::vector<NodeBox> boxes;  // of each node
  double width = 0;
  double height = 0;
};

// `boxes`: their sizes.
GraphLayout lay_out(const WaitGraph& graph, std::vector<NodeBox> boxes);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_GRAPH_LAYOUT_H
