// stack_trie.h: stacks that share their outer frames.
//
// Input:    stacks. Output: 32-bit ids, and the stacks back.
// State:    a trie from the outermost frame inwards: a node is {caller's node, pc}. At
//           most `limit` nodes of 20 bytes, in pieces of 1 MiB mapped as they are needed.
// Cost:     add() one hash probe for each frame that the stack added last did not have;
//           get() one load for each frame.
// Threads:  any for get(); the others one at a time.
//
// Invariants
//   T1  A node is immutable once its id has been returned, until clear(), and its
//       caller's id is smaller.
#ifndef FIBERSAN_DETECTOR_HISTORY_STACK_TRIE_H
#define FIBERSAN_DETECTOR_HISTORY_STACK_TRIE_H

#include <atomic>
#include <cstdint>

#include "detector/history/stack.h"

namespace fibersan {

class StackTrie {
 public:
  using Id = uint32_t;
  static constexpr uint32_t kMaxNodes = (1u << 22) - 1;

  explicit constexpr StackTrie(uint32_t limit) : limit_(limit) {}

  // 0 for the empty stack, and when there is no room (the outer part may have been added).
  Id add(const Stack& stack);
  Stack get(Id id) const;
  // Forgets all; the memory goes back to the system. No get() runs.
  void clear();

 private:
  struct Node {
    uint64_t pc;
    Id caller;
    Id next_in_bucket;
  };
  static_assert(sizeof(Node) == 16);
  static constexpr unsigned kChunkBits = 16;
  static constexpr uint32_t kChunkNodes = 1u << kChunkBits;
  static constexpr uint32_t kMaxChunks = (kMaxNodes >> kChunkBits) + 1;

  Node& node(Id id) const;
  Id child(Id caller, uint64_t pc);
  Id new_node();
  bool grow_buckets();

  // The stack added last, outermost frame first. Its outer frames are mostly those of the
  // next one too: a walk over a tree of n nodes makes n stacks, each a step from the last.
  struct Step {
    uintptr_t pc;
    Id id;
  };

  uint32_t limit_;
  uint32_t path_length_ = 0;
  uint32_t count_ = 0;
  uint32_t bucket_count_ = 0;
  Id* buckets_ = nullptr;
  Step path_[kMaxFrames] = {};
  std::atomic<Node*> chunks_[kMaxChunks] = {};
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_STACK_TRIE_H
