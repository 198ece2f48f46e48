#include "detector/report/wait_graph.h"

#include <cstdint>
#include <cstdio>
#include <map>

#include "detector/report/render_text.h"

namespace fibersan {
namespace {

constexpr size_t kMostCreators = 12;  // waiters of which those who created them are shown, too

std::string address_text(uint64_t address) {
  char text[32];
  snprintf(text, sizeof text, "0x%012llx", static_cast<unsigned long long>(address));
  return text;
}

// The program's innermost frame, its file without folders: boxes are small.
std::string place_of(const Trace& trace) {
  for (SourceFrame frame : trace.frames) {
    if (frame.function.starts_with("fiber::") || frame.function.starts_with("std::")) continue;
    frame.file = frame.file.substr(frame.file.rfind('/') + 1);
    std::string text = frame.function.substr(0, frame.function.find('('));
    return text + (text.empty() ? "" : " ") + render_place(frame);
  }
  return "";
}

class GraphMaker {
 public:
  explicit GraphMaker(const Report& report) : report_(report) {}

  WaitGraph make() {
    for (const ReportWaiters& waiters : report_.waiters) add(waiters);
    for (size_t i = 0; i < report_.waiters.size(); ++i) add_edges(report_.waiters[i], i);
    for (const ReportLockStep& step : report_.lock_cycle) add(step);
    return std::move(graph_);
  }

 private:
  using Key = std::pair<int, uint64_t>;

  static Key key_of(const FiberName& fiber) { return {static_cast<int>(fiber.kind), fiber.id}; }

  void add(const ReportWaiters& waiters) {
    WaitGraph::Node node;
    std::string who = render_fiber(waiters.fiber);
    if (waiters.count > 1)
      who = "fibers " + ids_of(waiters) + " (" + std::to_string(waiters.count) + ")";
    node.lines = {who, waiters.reason};
    if (waiters.waited_ms != 0) node.lines[1] += ", " + render_duration(waiters.waited_ms);
    const std::string place = place_of(waiters.stack);
    if (!place.empty()) node.lines.push_back(place);
    const size_t index = graph_.nodes.size();
    graph_.nodes.push_back(std::move(node));
    fibers_.emplace(key_of(waiters.fiber), index);
    for (const ReportWaiters::Ids& ids : waiters.ids) groups_.push_back({ids, index});
  }

  static std::string ids_of(const ReportWaiters& waiters) {
    constexpr size_t kShown = 4;
    std::string text;
    for (size_t i = 0; i < waiters.ids.size() && i < kShown; ++i) {
      const ReportWaiters::Ids& ids = waiters.ids[i];
      text += (text.empty() ? "" : ", ") + std::to_string(ids.first);
      if (ids.last != ids.first) text += "-" + std::to_string(ids.last);
    }
    return waiters.ids.size() > kShown ? text + ", …" : text;
  }

  size_t node_of(const FiberName& fiber) {
    if (const auto known = fibers_.find(key_of(fiber)); known != fibers_.end())
      return known->second;
    for (const auto& [ids, node] : groups_) {
      if (fiber.kind == FiberName::Kind::kFiber && ids.first <= fiber.id && fiber.id <= ids.last)
        return node;
    }
    const size_t index = graph_.nodes.size();
    graph_.nodes.push_back({true, {render_fiber(fiber)}});
    fibers_.emplace(key_of(fiber), index);
    return index;
  }

  size_t node_of(const ReportObject& object) {
    const auto [known, is_new] = objects_.try_emplace(object.address, graph_.nodes.size());
    if (!is_new) return known->second;
    WaitGraph::Node node;
    node.is_fiber = false;
    node.lines = {object.name.empty() ? object.kind : object.kind + " '" + object.name + "'",
                  address_text(object.address)};
    if (!object.state.empty()) node.lines.push_back(object.state);
    const std::string place = place_of(object.created);
    if (!place.empty()) node.lines.push_back("created in " + place);
    graph_.nodes.push_back(std::move(node));
    return known->second;
  }

  void add_edges(const ReportWaiters& waiters, size_t from) {
    using enum WaitGraph::Edge::Kind;
    if (waiters.waits_for) add_edge({from, node_of(*waiters.waits_for), kWaitsFor, "waits for"});
    for (const ReportObject& object : waiters.objects) {
      if (object.kind == "fiber" && waiters.waits_for) continue;  // the same
      const size_t to = node_of(object);
      add_edge({from, to, kWaitsFor, "waits for"});
      if (object.creator && report_.waiters.size() <= kMostCreators)
        add_edge({to, node_of(*object.creator), kCreatedBy, "created by"});
      for (const FiberName& holder : waiters.holders)
        add_edge({to, node_of(holder), kHeldBy, "held by"});
    }
    if (waiters.creator && report_.waiters.size() <= kMostCreators)
      add_edge({from, node_of(*waiters.creator), kCreatedBy, "created by"});
  }

  // One held lock leads to the other that was taken.
  void add(const ReportLockStep& step) {
    const std::string place = place_of(step.taken_at);
    add_edge({node_of_mutex(step.held), node_of_mutex(step.taken),
              WaitGraph::Edge::Kind::kTakenBefore,
              render_fiber(step.fiber) + (place.empty() ? "" : ", " + place)});
  }

  size_t node_of_mutex(unsigned number) {
    const auto [known, is_new] = mutexes_.try_emplace(number, graph_.nodes.size());
    if (!is_new) return known->second;
    const std::string name = "M" + std::to_string(number);
    for (const ReportMutex& mutex : report_.mutexes) {
      if (mutex.number != number) continue;
      known->second = node_of(mutex.object);
      graph_.nodes[known->second].lines[0] += " " + name;
      return known->second;
    }
    graph_.nodes.push_back({false, {"mutex " + name}});
    return known->second;
  }

  void add_edge(WaitGraph::Edge edge) {
    for (const WaitGraph::Edge& other : graph_.edges) {
      if (other.from == edge.from && other.to == edge.to && other.kind == edge.kind) return;
    }
    graph_.edges.push_back(std::move(edge));
  }

  const Report& report_;
  WaitGraph graph_;
  std::map<Key, size_t> fibers_;
  std::vector<std::pair<ReportWaiters::Ids, size_t>> groups_;
  std::map<uint64_t, size_t> objects_;
  std::map<unsigned, size_t> mutexes_;
};

std::string quoted(const std::vector<std::string>& lines) {
  std::string text = "\"";
  for (const std::string& line : lines) {
    if (&line != &lines[0]) text += "\\n";
    for (const char letter : line) {
      if (letter == '"' || letter == '\\') text += '\\';
      text += letter;
    }
  }
  return text + "\"";
}

const char* style_of(WaitGraph::Edge::Kind kind) {
  switch (kind) {
    case WaitGraph::Edge::Kind::kHeldBy:
      return ", color=\"#b02a37\"";
    case WaitGraph::Edge::Kind::kCreatedBy:
      return ", style=dashed, color=\"#8a8f98\", constraint=false";
    case WaitGraph::Edge::Kind::kWaitsFor:
    case WaitGraph::Edge::Kind::kTakenBefore:
      return "";
  }
  return "";
}

}  // namespace

WaitGraph wait_graph_of(const Report& report) { return GraphMaker(report).make(); }

std::string render_dot(const WaitGraph& graph) {
  std::string text =
      "digraph waits {\n  node [fontname=monospace, fontsize=10];\n"
      "  edge [fontname=monospace, fontsize=9];\n";
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const WaitGraph::Node& node = graph.nodes[i];
    text += "  n" + std::to_string(i) + " [shape=" + (node.is_fiber ? "box" : "ellipse") +
            ", label=" + quoted(node.lines) + "];\n";
  }
  for (const WaitGraph::Edge& edge : graph.edges) {
    text += "  n" + std::to_string(edge.from) + " -> n" + std::to_string(edge.to) +
            " [label=" + quoted({edge.label}) + style_of(edge.kind) + "];\n";
  }
  return text + "}\n";
}

}  // namespace fibersan
