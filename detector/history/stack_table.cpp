#include "detector/history/stack_table.h"

#include <atomic>
#include <cstring>

#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

struct Node {
  uint64_t pc;
  StackId caller;
  StackId next_in_bucket;
};
static_assert(sizeof(Node) == 16);

// 256 chunks of 1 MiB: 16 million nodes.
constexpr unsigned kChunkBits = 16;
constexpr uint32_t kChunkNodes = 1u << kChunkBits;
constexpr uint32_t kMaxChunks = 256;

class StackTable {
 public:
  constexpr StackTable() = default;

  StackId add(const Stack& stack) {
    SpinGuard guard(lock_);
    bool is_as_before = true;
    for (uint32_t depth = 0; depth < stack.count; ++depth) {
      const uintptr_t pc = stack.pcs[stack.count - 1 - depth];
      is_as_before = is_as_before && depth < path_length_ && path_[depth].pc == pc;
      if (is_as_before) continue;
      const StackId id = child(depth == 0 ? 0 : path_[depth - 1].id, pc);
      if (id == 0) {
        path_length_ = depth;
        return 0;
      }
      path_[depth] = {pc, id};
    }
    path_length_ = stack.count;
    return stack.count == 0 ? 0 : path_[stack.count - 1].id;
  }

  Stack get(StackId id) const {
    Stack stack;
    while (id != 0) {
      const Node& here = node(id);
      stack.push(here.pc);
      id = here.caller;
    }
    return stack;
  }

 private:
  Node& node(StackId id) const {
    // relaxed: whoever has an id got it after the chunk was published (T1).
    return chunks_[id >> kChunkBits].load(std::memory_order_relaxed)[id & (kChunkNodes - 1)];
  }

  static uint32_t hash(StackId caller, uint64_t pc) {
    const uint64_t mixed = (pc + caller * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u;
    return static_cast<uint32_t>(mixed >> 32);
  }

  StackId child(StackId caller, uint64_t pc) FIBERSAN_REQUIRES(lock_) {
    if (count_ >= bucket_count_ && !grow_buckets()) return 0;
    StackId& bucket = buckets_[hash(caller, pc) & (bucket_count_ - 1)];
    for (StackId id = bucket; id != 0; id = node(id).next_in_bucket) {
      if (node(id).pc == pc && node(id).caller == caller) return id;
    }
    StackId id = new_node();
    if (id == 0) return 0;
    node(id) = {pc, caller, bucket};
    bucket = id;
    return id;
  }

  StackId new_node() FIBERSAN_REQUIRES(lock_) {
    StackId id = count_ + 1;  // 0 is the empty stack
    uint32_t chunk = id >> kChunkBits;
    if (chunk >= kMaxChunks) return 0;
    if (chunks_[chunk].load(std::memory_order_relaxed) == nullptr) {
      Node* nodes = static_cast<Node*>(try_map_memory(kChunkNodes * sizeof(Node)));
      if (nodes == nullptr) return 0;
      chunks_[chunk].store(nodes, std::memory_order_relaxed);
    }
    count_ = id;
    return id;
  }

  bool grow_buckets() FIBERSAN_REQUIRES(lock_) {
    uint32_t larger_count = bucket_count_ == 0 ? 1u << 12 : bucket_count_ * 2;
    StackId* larger = static_cast<StackId*>(try_map_memory(larger_count * sizeof(StackId)));
    if (larger == nullptr) return bucket_count_ != 0;  // longer chains, still correct
    for (StackId id = 1; id <= count_; ++id) {
      Node& here = node(id);
      StackId& bucket = larger[hash(here.caller, here.pc) & (larger_count - 1)];
      here.next_in_bucket = bucket;
      bucket = id;
    }
    if (buckets_ != nullptr) unmap_memory(buckets_, bucket_count_ * sizeof(StackId));
    buckets_ = larger;
    bucket_count_ = larger_count;
    return true;
  }

  // The stack added last, outermost frame first. Its outer frames are mostly those of the
  // next one too: a walk over a tree of n nodes makes n stacks, each a step from the last.
  struct Step {
    uintptr_t pc;
    StackId id;
  };

  SpinLock lock_;
  Step path_[kMaxFrames] FIBERSAN_GUARDED_BY(lock_) = {};
  uint32_t path_length_ FIBERSAN_GUARDED_BY(lock_) = 0;
  std::atomic<Node*> chunks_[kMaxChunks] = {};
  StackId* buckets_ FIBERSAN_GUARDED_BY(lock_) = nullptr;
  uint32_t bucket_count_ FIBERSAN_GUARDED_BY(lock_) = 0;
  uint32_t count_ FIBERSAN_GUARDED_BY(lock_) = 0;
};

constinit StackTable table;

}  // namespace

StackId add_stack(const Stack& stack) { return table.add(stack); }
Stack stack_of_id(StackId id) { return table.get(id); }

}  // namespace fibersan
