#include "detector/deadlock/lock_graph.h"

#include <new>

#include "detector/clock/slab.h"

namespace fibersan {

namespace {

constinit Slab node_slab(sizeof(LockNode));
constinit Slab edge_slab(sizeof(LockEdge));

}  // namespace

// Breadth first, a node at a time.
struct LockGraph::Search {
  Search(Direction direction, uint64_t number, LockNode& start)
      : direction(direction), number(number), first(&start), last(&start) {
    start.seen[direction] = number;
    start.next_to_visit[direction] = nullptr;
  }

  // Nodes that the next one leads to are looked at by visit(), and queued where it says true.
  template <typename Visit>
  void step(Visit visit) {
    LockNode& node = *first;
    LockEdge* edge = direction == kForwards ? node.out : node.in;
    while (edge != nullptr) {
      LockNode& next = direction == kForwards ? *edge->taken : *edge->held;
      edge = direction == kForwards ? edge->of_held.next : edge->of_taken.next;
      if (next.seen[direction] == number || !visit(next)) continue;
      next.seen[direction] = number;
      next.next_to_visit[direction] = nullptr;
      last->next_to_visit[direction] = &next;
      last = &next;
    }
    first = node.next_to_visit[direction];
  }

  Direction direction;
  uint64_t number;
  LockNode* first;  // null: there is no more
  LockNode* last;
};

LockNode* LockGraph::find_or_make(const void* lock) {
  if (LockNode* const known = find(lock)) return known;
  auto* const node = new (node_slab.allocate()) LockNode;
  node->key = reinterpret_cast<uintptr_t>(lock);
  node->id = ++last_id_;
  if (nodes_.add(*node)) return node;
  node_slab.free(node);
  return nullptr;
}

// Whichever list ends first.
LockEdge* LockGraph::find_edge(const LockNode& held, const LockNode& taken) {
  LockEdge* out = held.out;
  LockEdge* in = taken.in;
  while (out != nullptr && in != nullptr) {
    if (out->taken == &taken) return out;
    if (in->held == &held) return in;
    out = out->of_held.next;
    in = in->of_taken.next;
  }
  return nullptr;
}

LockEdge& LockGraph::connect(LockNode& held, LockNode& taken) {
  if (LockEdge* const known = find_edge(held, taken)) return *known;
  auto* const edge = new (edge_slab.allocate()) LockEdge;
  edge->held = &held;
  edge->taken = &taken;
  put_first<&LockEdge::of_held>(held.out, *edge);
  put_first<&LockEdge::of_taken>(taken.in, *edge);
  ++edges_;
  if (reaches(taken, held)) mark_cycles(taken, held);  // G1
  return *edge;
}

bool LockGraph::reaches(LockNode& from, LockNode& to) {
  ++searches_;
  Search forwards(kForwards, searches_, from);
  Search backwards(kBackwards, searches_, to);
  bool met = false;
  const auto queue_forwards = [&](const LockNode& node) {
    met |= node.seen[kBackwards] == searches_;
    return true;
  };
  const auto queue_backwards = [&](const LockNode& node) {
    met |= node.seen[kForwards] == searches_;
    return true;
  };
  while (!met && forwards.first != nullptr && backwards.first != nullptr) {
    forwards.step(queue_forwards);
    if (!met) backwards.step(queue_backwards);
  }
  return met;
}

// All on a way from the one to the other, which an edge closes to cycles.
void LockGraph::mark_cycles(LockNode& from, LockNode& to) {
  ++searches_;
  Search forwards(kForwards, searches_, from);
  while (forwards.first != nullptr) forwards.step([](const LockNode&) { return true; });
  const auto lies_between = [&](const LockNode& node) { return node.seen[kForwards] == searches_; };
  Search backwards(kBackwards, searches_, to);
  to.is_on_cycle = true;
  while (backwards.first != nullptr) {
    backwards.step([&](LockNode& node) {
      if (!lies_between(node)) return false;
      node.is_on_cycle = true;
      return true;
    });
  }
}

void LockGraph::remove(LockEdge& edge) {
  take_out<&LockEdge::of_held>(edge);
  take_out<&LockEdge::of_taken>(edge);
  --edges_;
  edge_slab.free(&edge);
}

void LockGraph::remove(LockNode& node) {
  nodes_.remove(node);
  node_slab.free(&node);
}

}  // namespace fibersan
