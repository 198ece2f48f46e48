// lock_graph.h: which lock was taken while which other was held, and which locks are on a cycle of
// that.
//
// Input:    edges from a held lock to a taken one; locks that are no more.
// Output:   LockNode::is_on_cycle.
// Cost:     an edge that is known: a walk over the shorter of two lists. A new one: besides, a
//           search from both its ends at once, which is over when either finds nothing more: at
//           once where the taken lock is an innermost or the held one an outermost.
// Threads:  under one lock of the owner's.
// Not here: who took them, and whether a cycle can block anybody: acquisitions.h, cycle_search.h.
//
// Invariants
//   G1  Every node that is on a cycle of edges says so. One that says so may be on none any more.
//   G2  An edge is there as long as an acquisition is.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_LOCK_GRAPH_H
#define FIBERSAN_DETECTOR_DEADLOCK_LOCK_GRAPH_H

#include <cstddef>
#include <cstdint>

#include "detector/deadlock/intrusive.h"

namespace fibersan {

struct LockNode;
struct LockPattern;
struct PatternLock;

struct LockEdge {
  LockNode* held = nullptr;
  LockNode* taken = nullptr;
  Link<LockEdge> of_held;
  Link<LockEdge> of_taken;
  PatternLock* patterns = nullptr;  // that make it
};

struct LockNode {
  uint64_t key = 0;  // the lock's address
  Link<LockNode> in_table;
  uint64_t id = 0;  // of all locks ever
  LockEdge* out = nullptr;
  LockEdge* in = nullptr;
  LockPattern* taken_by = nullptr;
  bool is_on_cycle = false;
  // Of searches: the last one that came here forwards, backwards.
  uint64_t seen[2] = {0, 0};
  LockNode* next_to_visit[2] = {nullptr, nullptr};

  [[nodiscard]] const void* lock() const { return reinterpret_cast<const void*>(key); }
};

class LockGraph {
 public:
  constexpr LockGraph() = default;

  // Null: unknown.
  LockNode* find(const void* lock) const { return nodes_.find(reinterpret_cast<uintptr_t>(lock)); }
  // Null: there is no memory for one more.
  LockNode* find_or_make(const void* lock);
  LockEdge& connect(LockNode& held, LockNode& taken);
  // Of an edge that no pattern makes any more, a node without edges.
  void remove(LockEdge& edge);
  void remove(LockNode& node);

  [[nodiscard]] size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] size_t edges() const { return edges_; }

 private:
  enum Direction : unsigned { kForwards, kBackwards };
  struct Search;

  static LockEdge* find_edge(const LockNode& held, const LockNode& taken);
  bool reaches(LockNode& from, LockNode& to);
  void mark_cycles(LockNode& from, LockNode& to);

  KeyTable<LockNode> nodes_;
  size_t edges_ = 0;
  uint64_t last_id_ = 0;
  uint64_t searches_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_LOCK_GRAPH_H
