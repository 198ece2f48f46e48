#include "detector/history/context.h"

#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/history/context_cache.h"
#include "detector/history/frames.h"
#include "detector/history/stack_trie.h"

namespace fibersan {

constinit ContextCache internal::context_cache;
constinit std::atomic<uint32_t> internal::stack_generation{1};

namespace {

using internal::context_cache;
using internal::kForEver;
using internal::stack_generation;

constexpr uint32_t kGenerationNodes = 1u << 20;

constinit SpinLock access_lock;  // rank 32: nothing is called under it
constinit StackTrie access_stacks[2] FIBERSAN_GUARDED_BY(access_lock) = {
    StackTrie(kGenerationNodes), StackTrie(kGenerationNodes)};

uint64_t add_to_generation(const Stack& stack) FIBERSAN_REQUIRES(access_lock) {
  uint32_t present = stack_generation.load(std::memory_order_relaxed);
  StackTrie::Id id = access_stacks[present % 2].add(stack);
  if (id == 0) {
    ++present;
    access_stacks[present % 2].clear();
    stack_generation.store(present, std::memory_order_relaxed);
    id = access_stacks[present % 2].add(stack);
  }
  return id == 0 ? 0 : uint64_t{present} << 32 | id;
}

}  // namespace

uint64_t internal::note_new_context(uint64_t key, uintptr_t pc, const void* frame,
                                    StackBounds bounds) {
  const Stack stack = walk_frames(frame, pc, bounds);
  uint64_t noted;
  {
    SpinGuard guard(access_lock);
    noted = add_to_generation(stack);
  }
  if (noted != 0) context_cache.put(key, noted);
  return noted;
}

StackId internal::note_new_stack(uint64_t key, uintptr_t pc, const void* frame,
                                 StackBounds bounds) {
  const StackId id = add_stack(walk_frames(frame, pc, bounds));
  if (id != 0) context_cache.put(key, kForEver << 32 | id);
  return id;
}

Stack stack_of(uint64_t noted) {
  SpinGuard guard(access_lock);
  const uint64_t of = noted >> 32;
  const uint32_t present = stack_generation.load(std::memory_order_relaxed);
  if (of == 0 || of > present || present - of > 1) return {};
  return access_stacks[of % 2].get(static_cast<StackTrie::Id>(noted));
}

uint64_t forgotten_generations() {
  const uint32_t present = stack_generation.load(std::memory_order_relaxed);
  return present < 3 ? 0 : present - 2;
}

}  // namespace fibersan
