// render_page.cpp: a wait-for graph as an HTML page: inline SVG, no scripts, nothing to load.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "detector/report/graph_layout.h"
#include "detector/report/utf8.h"
#include "detector/report/wait_graph.h"

namespace fibersan {
namespace {

constexpr double kLetter = 7.3;  // pixels of one at 12 px, monospace
constexpr double kLine = 16;
constexpr size_t kMostLetters = 46;
constexpr double kNear = 260;  // longer edges go around what lies between
constexpr double kRoom = 50;   // for a label

constexpr const char* kStyle =
    "body{font-family:system-ui,sans-serif;margin:24px;color:#1c2127;background:#fff}"
    "h1{font-size:18px}"
    "svg{max-width:100%;height:auto;border:1px solid #d5d9df;border-radius:6px;background:#fbfcfd}"
    "svg text{font:12px monospace;fill:#1c2127;text-anchor:middle}"
    "svg text.first{font-weight:bold}"
    "svg text.label{font-size:11px;fill:#4a525c;stroke:#fbfcfd;stroke-width:4px;paint-order:stroke}"
    ".fiber{fill:#e8f0fe;stroke:#3b6fb6;stroke-width:1.5}"
    ".object{fill:#fff4dc;stroke:#b7791f;stroke-width:1.5}"
    ".edge{fill:none;stroke:#3b4652;stroke-width:1.5}"
    ".head{fill:#3b4652}"
    ".held{stroke:#b02a37}"
    ".created{stroke:#9aa1ab;stroke-dasharray:5 4;stroke-width:1}"
    "pre{font-size:12px;line-height:1.45;overflow-x:auto;padding:12px;background:#f4f5f7;"
    "border-radius:6px}";

// As XML, since SVG is: other characters are not allowed even as references.
std::string escaped(const std::string& bytes) {
  const std::string text = to_utf8(bytes);
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    switch (text[i]) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
          result += '?';
          i += 2;
        } else {
          const bool is_control = static_cast<unsigned char>(text[i]) < 0x20;
          result += is_control && text[i] != '\n' && text[i] != '\t' ? '?' : text[i];
        }
    }
  }
  return result;
}

std::string number(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", value);
  return text;
}

size_t letters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char letter) { return (letter & 0xc0) != 0x80; }));
}

// The end of a long line says more than its begin.
std::string shortened(const std::string& text) {
  if (letters(text) <= kMostLetters) return text;
  size_t from = text.size() - (kMostLetters - 1);
  while (from < text.size() && (text[from] & 0xc0) == 0x80) ++from;
  return "…" + text.substr(from);
}

NodeBox size_of(const WaitGraph::Node& node) {
  size_t longest = 8;
  for (const std::string& line : node.lines) longest = std::max(longest, letters(shortened(line)));
  NodeBox box;
  box.width = static_cast<double>(longest) * kLetter + 24;
  box.height = static_cast<double>(node.lines.size()) * kLine + 16;
  if (!node.is_fiber) {  // the corners of the text lie within the ellipse
    box.width *= 1.2;
    box.height *= 1.45;
  }
  return box;
}

struct Point {
  double x;
  double y;
};

// Where the line from the centre to `to` leaves the node.
Point border(const WaitGraph::Node& node, const NodeBox& box, Point to) {
  const double dx = to.x - box.x, dy = to.y - box.y;
  if (dx == 0 && dy == 0) return {box.x, box.y};
  const double half_width = box.width / 2, half_height = box.height / 2;
  const double scale = node.is_fiber
                           ? 1 / std::max(std::abs(dx) / half_width, std::abs(dy) / half_height)
                           : 1 / std::hypot(dx / half_width, dy / half_height);
  return {box.x + dx * scale, box.y + dy * scale};
}

class PageRenderer {
 public:
  explicit PageRenderer(const WaitGraph& graph) : graph_(graph) {
    std::vector<NodeBox> sizes;
    for (const WaitGraph::Node& node : graph.nodes) sizes.push_back(size_of(node));
    layout_ = lay_out(graph, std::move(sizes));
    right_ = layout_.width;
    bottom_ = layout_.height;
  }

  std::string svg() {
    for (const WaitGraph::Edge& edge : graph_.edges) add(edge);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) add(graph_.nodes[i], layout_.boxes[i]);
    for (const std::string& label : labels_) text_ += label;
    const std::string width = number(right_ - left_), height = number(bottom_ - top_);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height +
           "\" viewBox=\"" + number(left_) + " " + number(top_) + " " + width + " " + height +
           "\" role=\"img\" aria-label=\"who waits for whom\">\n<defs><marker id=\"arrow\" "
           "viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" "
           "orient=\"auto\"><path class=\"head\" d=\"M0 0L10 5L0 10z\"/></marker></defs>\n" +
           text_ + "</svg>\n";
  }

 private:
  // Bent to one side, so that two edges between the same nodes are apart.
  void add(const WaitGraph::Edge& edge) {
    if (edge.from == edge.to) return;
    const NodeBox &a = layout_.boxes[edge.from], &b = layout_.boxes[edge.to];
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length = std::max(1.0, std::hypot(dx, dy));
    const double bend = length * 0.12 + std::max(0.0, length - kNear) * 0.3;
    const Point middle = {(a.x + b.x) / 2 - dy / length * bend,
                          (a.y + b.y) / 2 + dx / length * bend};
    const Point from = border(graph_.nodes[edge.from], a, middle);
    const Point to = border(graph_.nodes[edge.to], b, middle);
    const char* kind = edge.kind == WaitGraph::Edge::Kind::kHeldBy      ? " held"
                       : edge.kind == WaitGraph::Edge::Kind::kCreatedBy ? " created"
                                                                        : "";
    text_ += std::string("<path class=\"edge") + kind + "\" marker-end=\"url(#arrow)\" d=\"M" +
             number(from.x) + " " + number(from.y) + "Q" + number(middle.x) + " " +
             number(middle.y) + " " + number(to.x) + " " + number(to.y) + "\"/>\n";
    Point half = {(from.x + 2 * middle.x + to.x) / 4, (from.y + 2 * middle.y + to.y) / 4};
    double room = kRoom;
    if (edge.kind == WaitGraph::Edge::Kind::kTakenBefore) {
      // Beside its edge: there is another one on the other side, and both texts are long.
      room = static_cast<double>(letters(edge.label)) * kLetter / 2;
      half.x += -dy / length * (room + 6);
      half.y += dx / length * kLine;
    }
    left_ = std::min(left_, half.x - room);
    right_ = std::max(right_, half.x + room);
    top_ = std::min(top_, half.y - kRoom);
    bottom_ = std::max(bottom_, half.y + kRoom);
    const std::string label = "<text class=\"label\" x=\"" + number(half.x) + "\" y=\"" +
                              number(half.y + 4) + "\">" + escaped(edge.label) + "</text>\n";
    if (edge.kind == WaitGraph::Edge::Kind::kCreatedBy) {
      text_ += label;
    } else {
      labels_.push_back(label);
    }
  }

  void add(const WaitGraph::Node& node, const NodeBox& box) {
    std::string all;
    for (const std::string& line : node.lines) all += (all.empty() ? "" : "\n") + line;
    text_ += "<g><title>" + escaped(all) + "</title>";
    if (node.is_fiber) {
      text_ += "<rect class=\"fiber\" rx=\"4\" x=\"" + number(box.x - box.width / 2) + "\" y=\"" +
               number(box.y - box.height / 2) + "\" width=\"" + number(box.width) + "\" height=\"" +
               number(box.height) + "\"/>";
    } else {
      text_ += "<ellipse class=\"object\" cx=\"" + number(box.x) + "\" cy=\"" + number(box.y) +
               "\" rx=\"" + number(box.width / 2) + "\" ry=\"" + number(box.height / 2) + "\"/>";
    }
    double y = box.y - static_cast<double>(node.lines.size() - 1) * kLine / 2 + 4;
    for (const std::string& line : node.lines) {
      text_ += std::string("<text") + (&line == &node.lines[0] ? " class=\"first\"" : "") +
               " x=\"" + number(box.x) + "\" y=\"" + number(y) + "\">" + escaped(shortened(line)) +
               "</text>";
      y += kLine;
    }
    text_ += "</g>\n";
  }

  const WaitGraph& graph_;
  GraphLayout layout_;
  std::string text_;
  std::vector<std::string> labels_;  // above all nodes
  double left_ = 0, top_ = 0, right_ = 0, bottom_ = 0;
};

}  // namespace

std::string render_svg(const WaitGraph& graph) { return PageRenderer(graph).svg(); }

std::string render_page(const WaitGraph& graph, const std::string& title, const std::string& text) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" +
         escaped(title) + "</title><style>" + kStyle + "</style></head>\n<body>\n<h1>" +
         escaped(title) + "</h1>\n" + render_svg(graph) + "<pre>" + escaped(text) +
         "</pre>\n</body>\n</html>\n";
}

}  // namespace fibersan
