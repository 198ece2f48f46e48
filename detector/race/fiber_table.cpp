#include "detector/race/fiber_table.h"

#include <atomic>

#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"
#include "detector/race/names.h"

namespace fibersan {
namespace {

// Two levels: 2^20 chunks of 2^12 records; ids beyond are not kept by id.
constexpr unsigned kChunkBits = 12;
constexpr uint64_t kChunks = uint64_t{1} << 20;
std::atomic<FiberInfo*> chunks[kChunks];  // zeroes
constinit FiberInfo beyond;

SpinLock list_lock;  // rank 8
fsan_fiber* newest FIBERSAN_GUARDED_BY(list_lock) = nullptr;
fsan_fiber* oldest FIBERSAN_GUARDED_BY(list_lock) = nullptr;
SpinLock chunk_lock;  // rank 9

FiberInfo* chunk_of(uint64_t id, bool make) {
  const uint64_t index = id >> kChunkBits;
  if (index >= kChunks) return nullptr;
  // acquire [A1], pairs with the release [R1] below.
  FiberInfo* chunk = chunks[index].load(std::memory_order_acquire);
  if (chunk != nullptr || !make) return chunk;
  SpinGuard guard(chunk_lock);
  chunk = chunks[index].load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = static_cast<FiberInfo*>(map_memory(sizeof(FiberInfo) << kChunkBits));
    chunks[index].store(chunk, std::memory_order_release);  // [R1]
  }
  return chunk;
}

constexpr uint64_t kInChunk = (uint64_t{1} << kChunkBits) - 1;

}  // namespace

FiberInfo* make_fiber_info(uint64_t id, uint64_t creator_id, StackId created, const char* name) {
  FiberInfo* chunk = chunk_of(id, true);
  FiberInfo* info = chunk == nullptr ? &beyond : &chunk[id & kInChunk];
  info->id = id;
  info->creator_id = creator_id;
  info->created = created;
  info->finished.store(false, std::memory_order_relaxed);
  copy_name(info->name, name);
  return info;
}

FiberInfo* find_fiber(uint64_t id) {
  FiberInfo* chunk = chunk_of(id, false);
  if (chunk == nullptr) return nullptr;
  FiberInfo* info = &chunk[id & kInChunk];
  return info->id == id ? info : nullptr;
}

void add_live(fsan_fiber& fiber) {
  SpinGuard guard(list_lock);
  fiber.previous = newest;
  (newest == nullptr ? oldest : newest->next) = &fiber;
  newest = &fiber;
}

void remove_live(fsan_fiber& fiber) {
  SpinGuard guard(list_lock);
  (fiber.previous == nullptr ? oldest : fiber.previous->next) = fiber.next;
  (fiber.next == nullptr ? newest : fiber.next->previous) = fiber.previous;
}

fsan_fiber* first_live() {
  SpinGuard guard(list_lock);
  return oldest;
}

void for_each_fiber(void (*visit)(const fsan_fiber&, void*), void* data) {
  SpinGuard guard(list_lock);
  for (const fsan_fiber* fiber = oldest; fiber != nullptr; fiber = fiber->next) visit(*fiber, data);
}

uint64_t fiber_of_stack_address(uintptr_t address) {
  SpinGuard guard(list_lock);
  for (const fsan_fiber* fiber = oldest; fiber != nullptr; fiber = fiber->next) {
    if (address >= fiber->stack.low && address < fiber->stack.high) return fiber->info->id;
  }
  return kNoFiberId;
}

}  // namespace fibersan
