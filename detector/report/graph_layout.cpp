#include "detector/report/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace fibersan {
namespace {

constexpr double kMargin = 40;
constexpr double kGapX = 48;
constexpr double kGapY = 72;

class Layout {
 public:
  Layout(const WaitGraph& graph, std::vector<NodeBox> boxes) : graph_(graph) {
    result_.boxes = std::move(boxes);
    followers_.resize(graph.nodes.size());
    leaders_.resize(graph.nodes.size());
    for (const WaitGraph::Edge& edge : graph.edges) {
      if (edge.from == edge.to || edge.kind == WaitGraph::Edge::Kind::kCreatedBy) continue;
      followers_[edge.from].push_back(edge.to);
      leaders_[edge.to].push_back(edge.from);
    }
  }

  GraphLayout make() {
    find_rows();
    if (has_ring_ && graph_.nodes.size() <= GraphLayout::kMostInRing) {
      place_in_ring();
    } else {
      place_in_rows();
    }
    frame();
    return std::move(result_);
  }

 private:
  enum class Mark : uint8_t { kNew, kOpen, kDone };

  // Depth first: in the order in which nodes are done, reversed, edges lead forward, but for those
  // that close a ring. Without recursion: chains of waits may be long.
  void find_rows() {
    const size_t count = graph_.nodes.size();
    std::vector<Mark> marks(count, Mark::kNew);
    std::vector<size_t> next(count, 0);
    std::vector<std::vector<size_t>> forward(count);
    for (size_t root = 0; root < count; ++root) {
      std::vector<size_t> open;
      if (marks[root] == Mark::kNew) open.push_back(root);
      while (!open.empty()) {
        const size_t node = open.back();
        marks[node] = Mark::kOpen;
        if (next[node] == followers_[node].size()) {
          marks[node] = Mark::kDone;
          order_.push_back(node);
          open.pop_back();
          continue;
        }
        const size_t to = followers_[node][next[node]++];
        if (marks[to] == Mark::kOpen) {
          has_ring_ = true;
          continue;
        }
        forward[node].push_back(to);
        if (marks[to] == Mark::kNew) open.push_back(to);
      }
    }
    std::reverse(order_.begin(), order_.end());
    row_.assign(count, 0);
    for (const size_t node : order_)
      for (const size_t to : forward[node]) row_[to] = std::max(row_[to], row_[node] + 1);
  }

  // Along the waits, beginning at the first fiber.
  void place_in_ring() {
    double widest = 0, highest = 0;
    for (const NodeBox& box : result_.boxes) {
      widest = std::max(widest, box.width);
      highest = std::max(highest, box.height);
    }
    const auto count = static_cast<double>(order_.size());
    // So far apart that neighbours do not touch, however they lie.
    const double chord = std::hypot(widest, highest) + kGapX;
    const double radius = order_.size() < 2 ? 0 : chord / 2 / std::sin(std::numbers::pi / count);
    for (size_t i = 0; i < order_.size(); ++i) {
      const double angle =
          2 * std::numbers::pi * static_cast<double>(i) / count - std::numbers::pi / 2;
      result_.boxes[order_[i]].x = radius * std::cos(angle);
      result_.boxes[order_[i]].y = radius * std::sin(angle);
    }
  }

  void place_in_rows() {
    const size_t rows = row_.empty() ? 0 : *std::max_element(row_.begin(), row_.end()) + 1;
    std::vector<std::vector<size_t>> members(rows);
    for (const size_t node : order_) members[row_[node]].push_back(node);
    double y = 0;
    for (std::vector<size_t>& row : members) {
      sort_by_neighbours(row);
      y = place_row(row, y);
    }
  }

  // By the middle of those above, which are placed already.
  void sort_by_neighbours(std::vector<size_t>& row) {
    std::vector<std::pair<double, size_t>> wanted;  // and the place so far, for equal ones
    for (size_t i = 0; i < row.size(); ++i) {
      double sum = 0;
      size_t above = 0;
      for (const size_t from : leaders_[row[i]]) {
        if (row_[from] >= row_[row[i]]) continue;
        sum += result_.boxes[from].x;
        ++above;
      }
      wanted.emplace_back(above == 0 ? 0 : sum / static_cast<double>(above), i);
    }
    std::sort(wanted.begin(), wanted.end());
    std::vector<size_t> sorted;
    for (const auto& [middle, place] : wanted) sorted.push_back(row[place]);
    row = std::move(sorted);
  }

  // Around x = 0; returns where the next one begins.
  double place_row(const std::vector<size_t>& row, double y) {
    double width = -kGapX, height = 0;
    for (const size_t node : row) {
      width += result_.boxes[node].width + kGapX;
      height = std::max(height, result_.boxes[node].height);
    }
    double x = -width / 2;
    for (const size_t node : row) {
      NodeBox& box = result_.boxes[node];
      box.x = x + box.width / 2;
      box.y = y + height / 2;
      x += box.width + kGapX;
    }
    return y + height + kGapY;
  }

  // Moves all to where coordinates are positive.
  void frame() {
    double left = 0, top = 0, right = 0, bottom = 0;
    for (const NodeBox& box : result_.boxes) {
      left = std::min(left, box.x - box.width / 2);
      right = std::max(right, box.x + box.width / 2);
      top = std::min(top, box.y - box.height / 2);
      bottom = std::max(bottom, box.y + box.height / 2);
    }
    for (NodeBox& box : result_.boxes) {
      box.x += kMargin - left;
      box.y += kMargin - top;
    }
    result_.width = right - left + 2 * kMargin;
    result_.height = bottom - top + 2 * kMargin;
  }

  const WaitGraph& graph_;
  GraphLayout result_;
  std::vector<std::vector<size_t>> followers_;
  std::vector<std::vector<size_t>> leaders_;
  std::vector<size_t> order_;
  std::vector<size_t> row_;
  bool has_ring_ = false;
};

}  // namespace

GraphLayout lay_out(const WaitGraph& graph, std::vector<NodeBox> boxes) {
  return Layout(graph, std::move(boxes)).make();
}

}  // namespace fibersan
