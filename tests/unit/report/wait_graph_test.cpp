#include "detector/report/wait_graph.h"

#include <gtest/gtest.h>

#include <cmath>

#include "detector/report/graph_layout.h"

namespace fibersan {
namespace {

FiberName fiber(uint64_t id, const char* name = "") { return {FiberName::Kind::kFiber, id, name}; }

Trace at(const char* function) {
  SourceFrame inner, outer;
  inner.function = "fiber::Mutex::lock()";
  outer.function = function;
  outer.file = "bank.cpp";
  outer.line = 7;
  return {{inner, outer}, false, ""};
}

ReportWaiters waiter(uint64_t id, uint64_t object, uint64_t holder) {
  ReportWaiters waiters;
  waiters.fiber = fiber(id);
  waiters.reason = "mutex lock";
  waiters.stack = at("transfer(int)");
  ReportObject mutex;
  mutex.kind = "mutex";
  mutex.address = object;
  waiters.objects.push_back(mutex);
  if (holder != 0) waiters.holders.push_back(fiber(holder));
  return waiters;
}

Report ring() {
  Report report;
  report.waiters = {waiter(7, 0x10, 8), waiter(8, 0x20, 7)};
  return report;
}

std::vector<std::string> edges_of(const WaitGraph& graph) {
  std::vector<std::string> texts;
  for (const WaitGraph::Edge& edge : graph.edges)
    texts.push_back(graph.nodes[edge.from].lines[0] + " " + edge.label + " " +
                    graph.nodes[edge.to].lines[edge.to < 2 ? 0 : 1]);
  return texts;
}

TEST(WaitGraph, RingGoesThroughItsObjects) {
  const WaitGraph graph = wait_graph_of(ring());
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(edges_of(graph), (std::vector<std::string>{
                                 "fiber 7 waits for 0x000000000010", "mutex held by fiber 8",
                                 "fiber 8 waits for 0x000000000020", "mutex held by fiber 7"}));
  EXPECT_EQ(graph.nodes[0].lines,
            (std::vector<std::string>{"fiber 7", "mutex lock", "transfer bank.cpp:7"}));
}

TEST(WaitGraph, SaysWhatIsKnownOfAnObject) {
  Report report;
  report.waiters = {waiter(3, 0x30, 0)};
  ReportObject& channel = report.waiters[0].objects[0];
  channel.kind = "channel";
  channel.name = "results";
  channel.state = "capacity 2, 2 in it";
  channel.created = at("main");
  channel.creator = fiber(1);
  report.waiters[0].waited_ms = 1250;
  const WaitGraph graph = wait_graph_of(report);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[0].lines[1], "mutex lock, 1.2 s");
  EXPECT_FALSE(graph.nodes[1].is_fiber);
  EXPECT_EQ(graph.nodes[1].lines,
            (std::vector<std::string>{"channel 'results'", "0x000000000030", "capacity 2, 2 in it",
                                      "created in main bank.cpp:7"}));
  EXPECT_EQ(graph.edges[1].kind, WaitGraph::Edge::Kind::kCreatedBy);
  EXPECT_EQ(graph.nodes[graph.edges[1].to].lines, std::vector<std::string>{"fiber 1"});
}

TEST(WaitGraph, JoinLeadsToTheFiber) {
  Report report;
  report.waiters = {waiter(1, 0x30, 0), waiter(2, 0x40, 0)};
  report.waiters[0].objects[0].kind = "fiber";
  report.waiters[0].waits_for = fiber(2);
  const WaitGraph graph = wait_graph_of(report);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.edges[0].to, 1u);
}

TEST(WaitGraph, GroupIsOneNodeForAllOfItsFibers) {
  Report report;
  report.waiters = {waiter(4, 0x40, 0), waiter(9, 0x50, 5)};
  report.waiters[0].count = 3;
  report.waiters[0].ids = {{4, 5}, {7, 7}};
  const WaitGraph graph = wait_graph_of(report);
  EXPECT_EQ(graph.nodes[0].lines[0], "fibers 4-5, 7 (3)");
  ASSERT_EQ(graph.edges.size(), 3u);
  EXPECT_EQ(graph.edges[2].to, 0u) << "the holder is one of the group";
}

TEST(WaitGraph, CreatorsAreLeftOutOfLargeOnes) {
  Report report;
  for (uint64_t id = 2; id < 22; ++id) {
    report.waiters.push_back(waiter(id, 0x10, 0));
    report.waiters.back().creator = fiber(1);
  }
  EXPECT_EQ(wait_graph_of(report).nodes.size(), 21u);
}

TEST(WaitGraph, LocksTakenInACircleLeadToEachOther) {
  Report report;
  report.mutexes = {{1, {"mutex", 0x10, "accounts", "", {}, {}}}};
  report.lock_cycle.resize(2);
  report.lock_cycle[0] = {1, 2, true, true, fiber(7), at("deposit(int)"), {}, false};
  report.lock_cycle[1] = {2, 1, true, true, fiber(8), at("audit()"), {}, false};
  const WaitGraph graph = wait_graph_of(report);
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[0].lines[0], "mutex 'accounts' M1");
  EXPECT_EQ(graph.nodes[1].lines[0], "mutex M2");
  ASSERT_EQ(graph.edges.size(), 2u);
  EXPECT_EQ(graph.edges[0].label, "fiber 7, deposit bank.cpp:7");
  EXPECT_EQ(graph.edges[1].from, 1u);
  EXPECT_EQ(graph.edges[1].to, 0u);
}

TEST(WaitGraph, DotEscapesNames) {
  WaitGraph graph;
  graph.nodes = {{true, {"fiber 1 'a\"b\\c'", "join"}}, {false, {"mutex"}}};
  graph.edges = {{0, 1, WaitGraph::Edge::Kind::kHeldBy, "held by"}};
  const std::string dot = render_dot(graph);
  EXPECT_NE(dot.find("n0 [shape=box, label=\"fiber 1 'a\\\"b\\\\c'\\njoin\"];"), dot.npos) << dot;
  EXPECT_NE(dot.find("n1 [shape=ellipse, label=\"mutex\"];"), dot.npos) << dot;
  EXPECT_NE(dot.find("n0 -> n1 [label=\"held by\", color="), dot.npos) << dot;
}

TEST(WaitGraph, PageEscapesAllThatComesFromTheProgram) {
  WaitGraph graph;
  graph.nodes = {{true, {"fiber 1 '<script>&\"'"}}};
  const std::string page = render_page(graph, "a<b", "std::vector<int>&\n\x01");
  EXPECT_EQ(page.find("<script"), page.npos);
  EXPECT_NE(page.find("fiber 1 '&lt;script&gt;&amp;&quot;'</text>"), page.npos) << page;
  EXPECT_NE(page.find("<h1>a&lt;b</h1>"), page.npos);
  EXPECT_NE(page.find("<pre>std::vector&lt;int&gt;&amp;\n?</pre>"), page.npos);
}

// A parser of XML refuses the whole picture otherwise.
TEST(WaitGraph, PictureHasOnlyCharactersOfXml) {
  WaitGraph graph;
  graph.nodes = {{true, {"fiber 1 '\xef\xbf\xbe\xff\x1b\xc3\xb6'"}}};
  const std::string picture = render_svg(graph);
  EXPECT_NE(picture.find(">fiber 1 '?\\xff?\xc3\xb6'</text>"), picture.npos) << picture;
}

bool overlap(const NodeBox& a, const NodeBox& b) {
  return std::abs(a.x - b.x) < (a.width + b.width) / 2 &&
         std::abs(a.y - b.y) < (a.height + b.height) / 2;
}

void expect_apart(const GraphLayout& layout) {
  for (size_t i = 0; i < layout.boxes.size(); ++i) {
    const NodeBox& box = layout.boxes[i];
    EXPECT_GE(box.x - box.width / 2, 0);
    EXPECT_LE(box.x + box.width / 2, layout.width);
    EXPECT_GE(box.y - box.height / 2, 0);
    EXPECT_LE(box.y + box.height / 2, layout.height);
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(box, layout.boxes[j])) << i << " " << j;
  }
}

WaitGraph graph_of(size_t nodes, const std::vector<std::pair<size_t, size_t>>& edges) {
  WaitGraph graph;
  graph.nodes.resize(nodes);
  for (const auto& [from, to] : edges) graph.edges.push_back({from, to, {}, ""});
  return graph;
}

std::vector<NodeBox> sizes(size_t count) {
  std::vector<NodeBox> boxes(count);
  for (size_t i = 0; i < count; ++i) {
    boxes[i].width = 80 + 60 * static_cast<double>(i % 4);
    boxes[i].height = 30 + 20 * static_cast<double>(i % 3);
  }
  return boxes;
}

// G1
TEST(GraphLayout, NodesDoNotOverlap) {
  for (size_t count = 1; count <= 40; ++count) {
    std::vector<std::pair<size_t, size_t>> chain, star;
    for (size_t i = 0; i + 1 < count; ++i) {
      chain.push_back({i, i + 1});
      star.push_back({i + 1, 0});
    }
    expect_apart(lay_out(graph_of(count, chain), sizes(count)));
    expect_apart(lay_out(graph_of(count, star), sizes(count)));
    chain.push_back({count - 1, 0});
    expect_apart(lay_out(graph_of(count, chain), sizes(count)));
  }
}

TEST(GraphLayout, RowsFollowTheEdges) {
  const GraphLayout layout = lay_out(graph_of(4, {{2, 0}, {0, 1}, {2, 3}, {3, 1}}), sizes(4));
  EXPECT_LT(layout.boxes[2].y, layout.boxes[0].y);
  EXPECT_LT(layout.boxes[0].y, layout.boxes[1].y);
  EXPECT_EQ(layout.boxes[0].y, layout.boxes[3].y);
}

TEST(GraphLayout, LongChainsAreNoRecursion) {
  std::vector<std::pair<size_t, size_t>> chain;
  for (size_t i = 0; i + 1 < 20000; ++i) chain.push_back({i, i + 1});
  EXPECT_GT(lay_out(graph_of(20000, chain), sizes(20000)).height, 20000 * 30);
}

}  // namespace
}  // namespace fibersan
