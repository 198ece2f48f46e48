#include "detector/history/stack_trie.h"

#include "detector/history/mapping.h"

namespace fibersan {
namespace {

uint32_t hash(StackTrie::Id caller, uint64_t pc) {
  const uint64_t mixed = (pc + caller * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u;
  return static_cast<uint32_t>(mixed >> 32);
}

}  // namespace

StackTrie::Id StackTrie::add(const Stack& stack) {
  bool is_as_before = true;
  for (uint32_t depth = 0; depth < stack.count; ++depth) {
    const uintptr_t pc = stack.pcs[stack.count - 1 - depth];
    is_as_before = is_as_before && depth < path_length_ && path_[depth].pc == pc;
    if (is_as_before) continue;
    const Id id = child(depth == 0 ? 0 : path_[depth - 1].id, pc);
    if (id == 0) {
      path_length_ = depth;
      return 0;
    }
    path_[depth] = {pc, id};
  }
  path_length_ = stack.count;
  return stack.count == 0 ? 0 : path_[stack.count - 1].id;
}

Stack StackTrie::get(Id id) const {
  Stack stack;
  while (id != 0) {
    const Node& here = node(id);
    stack.push(here.pc);
    id = here.caller;
  }
  return stack;
}

void StackTrie::clear() {
  for (std::atomic<Node*>& chunk : chunks_) {
    if (Node* nodes = chunk.load(std::memory_order_relaxed))
      zero_memory(nodes, kChunkNodes * sizeof(Node));
  }
  if (buckets_ != nullptr) zero_memory(buckets_, bucket_count_ * sizeof(Id));
  count_ = 0;
  path_length_ = 0;
}

StackTrie::Node& StackTrie::node(Id id) const {
  // relaxed: whoever has an id got it after the chunk was published (T1).
  return chunks_[id >> kChunkBits].load(std::memory_order_relaxed)[id & (kChunkNodes - 1)];
}

StackTrie::Id StackTrie::child(Id caller, uint64_t pc) {
  if (count_ >= bucket_count_ && !grow_buckets()) return 0;
  Id& bucket = buckets_[hash(caller, pc) & (bucket_count_ - 1)];
  for (Id id = bucket; id != 0; id = node(id).next_in_bucket) {
    if (node(id).pc == pc && node(id).caller == caller) return id;
  }
  Id id = new_node();
  if (id == 0) return 0;
  node(id) = {pc, caller, bucket};
  bucket = id;
  return id;
}

StackTrie::Id StackTrie::new_node() {
  if (count_ >= limit_) return 0;
  const Id id = count_ + 1;  // 0 is the empty stack
  std::atomic<Node*>& chunk = chunks_[id >> kChunkBits];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    Node* nodes = static_cast<Node*>(try_map_memory(kChunkNodes * sizeof(Node)));
    if (nodes == nullptr) return 0;
    chunk.store(nodes, std::memory_order_relaxed);
  }
  count_ = id;
  return id;
}

bool StackTrie::grow_buckets() {
  const uint32_t larger_count = bucket_count_ == 0 ? 1u << 12 : bucket_count_ * 2;
  Id* larger = static_cast<Id*>(try_map_memory(larger_count * sizeof(Id)));
  if (larger == nullptr) return bucket_count_ != 0;  // longer chains, still correct
  for (Id id = 1; id <= count_; ++id) {
    Node& here = node(id);
    Id& bucket = larger[hash(here.caller, here.pc) & (larger_count - 1)];
    here.next_in_bucket = bucket;
    bucket = id;
  }
  if (buckets_ != nullptr) unmap_memory(buckets_, bucket_count_ * sizeof(Id));
  buckets_ = larger;
  bucket_count_ = larger_count;
  return true;
}

}  // namespace fibersan
