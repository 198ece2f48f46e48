// The radix tree and its sharing: persistent arrays in the manner of Clojure's vectors
// (Bagwell's trees), with reference counts so that an unshared node is written in place.
#include "detector/clock/clock.h"

#include <atomic>
#include <cstring>
#include <new>

#include "detector/clock/slab.h"

namespace fibersan {

// Level 0 is a leaf; a node of level n covers 64^(n+1) lanes.
struct ClockNode {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t level;
  explicit ClockNode(std::uint32_t of_level) : level(of_level) {}
};

namespace {

constexpr unsigned kFanOut = kBlockLanes;

struct Leaf : ClockNode {
  Leaf() : ClockNode(0) {}
  Epoch epochs[kFanOut];
};

struct Inner : ClockNode {
  explicit Inner(std::uint32_t of_level) : ClockNode(of_level) {}
  ClockNode* children[kFanOut];
};

constinit Slab leaf_slab(sizeof(Leaf));
constinit Slab inner_slab(sizeof(Inner));

Leaf& leaf(ClockNode* node) { return *static_cast<Leaf*>(node); }
Inner& inner(ClockNode* node) { return *static_cast<Inner*>(node); }
const Leaf& leaf(const ClockNode* node) { return *static_cast<const Leaf*>(node); }
const Inner& inner(const ClockNode* node) { return *static_cast<const Inner*>(node); }

ClockNode* new_leaf() { return new (leaf_slab.allocate()) Leaf(); }
ClockNode* new_inner(std::uint32_t level) { return new (inner_slab.allocate()) Inner(level); }

ClockNode* empty_leaf() {
  ClockNode* node = new_leaf();
  std::memset(leaf(node).epochs, 0, sizeof leaf(node).epochs);
  return node;
}

ClockNode* empty_inner(std::uint32_t level) {
  ClockNode* node = new_inner(level);
  std::memset(inner(node).children, 0, sizeof inner(node).children);
  return node;
}

ClockNode* retain(ClockNode* node) {
  // relaxed: whoever gives us the node has a reference, and it reached us ordered.
  if (node != nullptr) node->references.fetch_add(1, std::memory_order_relaxed);
  return node;
}

void release(ClockNode* node) {
  if (node == nullptr) return;
  // release [R1]: our reads of the node come before its re-use; pairs with [A1], [A2].
  // acquire [A1]: the last owner comes after all of those. One operation rather than a
  // fence after the last: the same instruction here, and ThreadSanitizer knows no fences.
  if (node->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (node->level == 0) return leaf_slab.free(node);
  for (ClockNode* child : inner(node).children) release(child);
  inner_slab.free(node);
}

// Nobody else can reach the node, so it may be written (I2).
bool unshared(const ClockNode* node) {
  // acquire [A2], pairs with [R1]: former owners have finished reading.
  return node->references.load(std::memory_order_acquire) == 1;
}

ClockNode* clone(const ClockNode* node) {
  if (node->level == 0) {
    ClockNode* copy = new_leaf();
    std::memcpy(leaf(copy).epochs, leaf(node).epochs, sizeof leaf(node).epochs);
    return copy;
  }
  ClockNode* copy = new_inner(node->level);
  for (unsigned i = 0; i < kFanOut; ++i) inner(copy).children[i] = retain(inner(node).children[i]);
  return copy;
}

// Takes our reference to `node`, returns one to a node with the same content that
// nobody else can reach.
ClockNode* own(ClockNode* node) {
  if (unshared(node)) return node;
  ClockNode* copy = clone(node);
  release(node);
  return copy;
}

constexpr unsigned index_at(LaneId lane, std::uint32_t level) {
  return (lane >> (kBlockBits * level)) & (kFanOut - 1);
}

constexpr bool covers_lane(std::uint32_t level, LaneId lane) {
  return (std::uint64_t{lane} >> (kBlockBits * (level + 1))) == 0;
}

Epoch tree_at(const ClockNode* node, LaneId lane) {
  if (node == nullptr || !covers_lane(node->level, lane)) return 0;  // I3
  while (node != nullptr && node->level != 0)
    node = inner(node).children[index_at(lane, node->level)];
  return node == nullptr ? 0 : leaf(node).epochs[index_at(lane, 0)];
}

// A root of at least `level`, with the same content.
ClockNode* grow(ClockNode* root, std::uint32_t level) {
  while (root->level < level) {
    ClockNode* above = empty_inner(root->level + 1);
    inner(above).children[0] = root;
    root = above;
  }
  return root;
}

// Takes and returns a reference, as own() does. The lane lies below `node`.
ClockNode* set_below(ClockNode* node, std::uint32_t level, LaneId lane, Epoch epoch) {
  node = node == nullptr ? (level == 0 ? empty_leaf() : empty_inner(level)) : own(node);
  if (level == 0) {
    Epoch& known = leaf(node).epochs[index_at(lane, 0)];
    if (known < epoch) known = epoch;
  } else {
    ClockNode*& child = inner(node).children[index_at(lane, level)];
    child = set_below(child, level - 1, lane, epoch);
  }
  return node;
}

ClockNode* tree_set(ClockNode* root, LaneId lane, Epoch epoch) {
  if (tree_at(root, lane) >= epoch) return root;
  std::uint32_t level = root == nullptr ? 0 : root->level;
  while (!covers_lane(level, lane)) ++level;
  if (root != nullptr) root = grow(root, level);
  return set_below(root, level, lane, epoch);
}

// Replaces our reference `mine` by one to `theirs`.
ClockNode* share(ClockNode* mine, ClockNode* theirs) {
  retain(theirs);
  release(mine);
  return theirs;
}

ClockNode* join_leaves(ClockNode* mine, ClockNode* theirs, bool& grew) {
  const Leaf& a = leaf(mine);
  const Leaf& b = leaf(theirs);
  unsigned a_more = 0;
  unsigned b_more = 0;
  for (unsigned i = 0; i < kFanOut; ++i) {
    a_more |= static_cast<unsigned>(a.epochs[i] > b.epochs[i]);
    b_more |= static_cast<unsigned>(b.epochs[i] > a.epochs[i]);
  }
  if (b_more == 0) return mine;
  grew = true;
  if (a_more == 0) return share(mine, theirs);
  mine = own(mine);
  Epoch* known = leaf(mine).epochs;
  for (unsigned i = 0; i < kFanOut; ++i) known[i] = known[i] > b.epochs[i] ? known[i] : b.epochs[i];
  return mine;
}

// Puts `joined` where `child` was. `writable`: nobody else can reach `mine`.
ClockNode* replace_child(ClockNode* mine, bool& writable, unsigned index, ClockNode* joined) {
  ClockNode* child = inner(mine).children[index];
  if (writable) {
    inner(mine).children[index] = joined;  // the join consumed our reference to child
    return mine;
  }
  if (joined == child) {
    release(child);
    return mine;
  }
  mine = own(mine);
  writable = true;
  release(inner(mine).children[index]);
  inner(mine).children[index] = joined;
  return mine;
}

// What a join may consume: the reference of a node that we may write, or a second one,
// which keeps a child of a shared node from being written (I2).
ClockNode* child_to_join(ClockNode* mine, bool writable, unsigned index) {
  ClockNode* child = inner(mine).children[index];
  return writable ? child : retain(child);
}

// Takes our reference to `mine` (may be null), returns one to the join of the two.
ClockNode* join_nodes(ClockNode* mine, ClockNode* theirs, bool& grew) {
  if (mine == theirs || theirs == nullptr) return mine;
  if (mine == nullptr) {
    grew = true;
    return retain(theirs);
  }
  if (mine->level == 0) return join_leaves(mine, theirs, grew);
  bool equals_theirs = true;
  bool writable = unshared(mine);
  for (unsigned i = 0; i < kFanOut; ++i) {
    ClockNode* other = inner(theirs).children[i];
    if (inner(mine).children[i] != other && other != nullptr) {
      ClockNode* joined = join_nodes(child_to_join(mine, writable, i), other, grew);
      mine = replace_child(mine, writable, i, joined);
    }
    equals_theirs = equals_theirs && inner(mine).children[i] == other;
  }
  return equals_theirs ? share(mine, theirs) : mine;
}

// The same for roots, which may differ in height.
ClockNode* join_trees(ClockNode* mine, ClockNode* theirs, bool& grew) {
  if (mine == nullptr || theirs == nullptr || mine->level == theirs->level)
    return join_nodes(mine, theirs, grew);
  if (mine->level < theirs->level) return join_nodes(grow(mine, theirs->level), theirs, grew);
  bool writable = unshared(mine);
  ClockNode* joined = join_trees(child_to_join(mine, writable, 0), theirs, grew);
  return replace_child(mine, writable, 0, joined);
}

// The first lane from `from` on that has an epoch below `node`, which starts at `base`.
LaneId next_below(const ClockNode* node, std::uint64_t base, LaneId from) {
  const std::uint64_t step = std::uint64_t{1} << (kBlockBits * node->level);
  for (std::uint64_t first = base; first < base + kFanOut * step; first += step) {
    if (first + step <= from) continue;
    const auto i = static_cast<unsigned>((first - base) / step);
    if (node->level == 0) {
      if (leaf(node).epochs[i] != 0) return static_cast<LaneId>(first);
    } else if (const ClockNode* child = inner(node).children[i]) {
      if (const LaneId found = next_below(child, first, from); found != kNoLane) return found;
    }
  }
  return kNoLane;
}

}  // namespace

void Clock::share_tree(ClockNode* root) { root_ = share(root_, root); }

void Clock::drop_tree() {
  release(root_);
  root_ = nullptr;
}

// Without a branch, so that it becomes two vector compares; I4 makes count_ needless.
Epoch Clock::override_of(LaneId lane) const {
  Epoch found = 0;
  for (unsigned i = 0; i < kOverrides; ++i) found |= lanes_[i] == lane ? epochs_[i] : 0;
  return found;
}

Epoch Clock::at(LaneId lane) const {
  const Epoch overridden = override_of(lane);
  const Epoch in_tree = tree_at(root_, lane);
  return overridden > in_tree ? overridden : in_tree;
}

bool Clock::knows(LaneId lane, Epoch epoch) const {
  return override_of(lane) >= epoch || tree_at(root_, lane) >= epoch;
}

void Clock::set_new(LaneId lane, Epoch epoch) {
  if (tree_at(root_, lane) >= epoch) return;
  if (count_ == kOverrides) flush();
  lanes_[count_] = lane;
  epochs_[count_] = epoch;
  ++count_;
}

void Clock::make_room() {
  if (count_ > kOverrides / 2) flush();
}

void Clock::flush() {
  for (unsigned i = 0; i < count_; ++i) {
    root_ = tree_set(root_, lanes_[i], epochs_[i]);
    lanes_[i] = kNoLane;
  }
  count_ = 0;
}

bool Clock::join(const Clock& other) {
  bool grew = false;
  root_ = join_trees(root_, other.root_, grew);
  return join_overrides(other) || grew;
}

bool Clock::join_overrides(const Clock& other) {
  bool grew = false;
  for (unsigned i = 0; i < other.count_; ++i) {
    if (knows(other.lanes_[i], other.epochs_[i])) continue;
    grew = true;
    set(other.lanes_[i], other.epochs_[i]);
  }
  return grew;
}

LaneId Clock::next_known(LaneId from) const {
  LaneId first = kNoLane;
  if (root_ != nullptr && covers_lane(root_->level, from)) first = next_below(root_, 0, from);
  for (unsigned i = 0; i < count_; ++i)
    if (lanes_[i] >= from && lanes_[i] < first) first = lanes_[i];
  return first;
}

std::uint64_t Clock::live_nodes() { return leaf_slab.live() + inner_slab.live(); }

}  // namespace fibersan
