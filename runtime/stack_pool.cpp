#include "runtime/stack_pool.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "fiber/error.h"
#include "runtime/check.h"

namespace fiber::internal {
namespace {

constexpr uint32_t kFirstSlabStacks = 16;
constexpr size_t kLargestSlab = size_t{64} << 20;
constexpr uint32_t kCarvedTogether = 16;  // more in one call no longer makes a guard cheaper

[[noreturn]] void throw_no_memory(size_t bytes) {
  throw std::system_error(
      errno, std::generic_category(),
      "fiber: cannot map " + std::to_string(bytes >> 20) +
          " MiB of address space for stacks; lower FIBER_OPTIONS=stack_size, or raise ulimit -v, "
          "vm.max_map_count or vm.overcommit_memory");
}

Stack* take_first(Stack*& list) { return std::exchange(list, list->next); }

// The first `most` of a list; the others become `rest`.
Stack* split(Stack* list, uint32_t most, uint32_t& count, Stack*& rest) {
  Stack* last = list;
  for (count = 1; count < most && last->next != nullptr; ++count) last = last->next;
  rest = std::exchange(last->next, nullptr);
  return list;
}

}  // namespace

StackPool& stack_pool() {
  static constinit StackPool pool;
  return pool;
}

uint32_t StackPool::class_of(size_t size) {
  if (size > kLargestStack) {
    throw Error("fiber: a stack of " + std::to_string(size) + " bytes is more than the limit of " +
                std::to_string(kLargestStack));
  }
  return static_cast<uint32_t>(
      std::countr_zero(std::bit_ceil(std::max(size, kSmallestStack)) / kSmallestStack));
}

// --- the system: slabs ---

StackPool::Slab* StackPool::map_slab(uint32_t size_class, uint32_t stacks) {
  static_assert(sizeof(Slab) % alignof(Stack) == 0);
  // The slab describes itself: where mappings or memory run out, malloc() is of no help.
  const size_t described = (sizeof(Slab) + stacks * sizeof(Stack) + kPage - 1) / kPage * kPage;
  const size_t bytes = described + stacks * slot_size(size_class);
  char* memory = map_stacks(bytes);
  if (memory == nullptr) {
    if (stacks == 1) throw_no_memory(bytes);
    return map_slab(size_class, stacks / 2);
  }
  return new (memory)
      Slab{nullptr, memory + described, reinterpret_cast<Stack*>(memory + sizeof(Slab)), stacks,
           0,       size_class};
}

// New stacks of one slab, one to kCarvedTogether.
Stack* StackPool::carve(SizeClass& of, uint32_t size_class, uint32_t most, uint32_t& count) {
  Slab* slab = of.slabs.load(std::memory_order_relaxed);
  if (slab == nullptr || slab->carved.load(std::memory_order_relaxed) == slab->stacks) {
    const uint32_t largest =
        static_cast<uint32_t>(std::max<size_t>(1, kLargestSlab / slot_size(size_class)));
    Slab* grown = map_slab(
        size_class, std::min(largest, slab == nullptr ? kFirstSlabStacks : slab->stacks * 2));
    grown->next = slab;
    // release [R1]: the slab. Pairs with [A1] in find() and for_each().
    of.slabs.store(grown, std::memory_order_release);
    slab = grown;
  }
  const uint32_t index = slab->carved.load(std::memory_order_relaxed);
  count = std::min({most, kCarvedTogether, slab->stacks - index});
  char* guards[kCarvedTogether];
  Stack* list = nullptr;
  for (uint32_t i = count; i-- > 0;) {
    guards[i] = slab->slots + (index + i) * slot_size(size_class);
    list = new (slab->table + index + i) Stack{
        .low = guards[i] + kGuardSize, .size_class = size_class, .colour = index + i, .next = list};
  }
  guards_.install(guards, count);
  // release [R2]: the stacks. Pairs with [A2].
  slab->carved.store(index + count, std::memory_order_release);
  return list;
}

// --- the central lists ---

void StackPool::put_batch(SizeClass& of, Stack* batch, uint32_t count) {
  batch->count = count;
  batch->newer = nullptr;
  batch->older = of.newest;
  (of.newest == nullptr ? of.oldest : of.newest->newer) = batch;
  of.newest = batch;
  of.warm += count;
}

Stack* StackPool::remove_batch(SizeClass& of, Stack* batch) {
  (batch->newer == nullptr ? of.newest : batch->newer->older) = batch->older;
  (batch->older == nullptr ? of.oldest : batch->older->newer) = batch->newer;
  of.warm -= batch->count;
  return batch;
}

// Becomes the first of the newest batch while that has room.
void StackPool::give_one(SizeClass& of, Stack* stack) {
  Stack* first = of.newest;
  stack->next = nullptr;
  if (first == nullptr || first->count == kStackBatch) {
    put_batch(of, stack, 1);
    return;
  }
  stack->next = remove_batch(of, first);
  put_batch(of, stack, first->count + 1);
}

Stack* StackPool::take_batch(SizeClass& of, uint32_t size_class, uint32_t most, uint32_t& count) {
  if (of.newest == nullptr) {
    if (of.bare == nullptr) return carve(of, size_class, most, count);
    return split(of.bare, most, count, of.bare);
  }
  const uint32_t before = of.newest->count;
  Stack* rest = nullptr;
  Stack* list = split(remove_batch(of, of.newest), most, count, rest);
  if (rest != nullptr) put_batch(of, rest, before - count);
  of.least = std::min(of.least, of.warm);
  return list;
}

Stack* StackPool::take(uint32_t size_class, StackCache* cache) {
  SizeClass& of = classes_[size_class];
  uint32_t count = 0;
  if (cache == nullptr) {
    SpinGuard guard(of.lock);
    return take_batch(of, size_class, 1, count);
  }
  if (cache->count == 0) {
    SpinGuard guard(of.lock);
    cache->first = take_batch(of, size_class, kStackBatch, cache->count);
  }
  --cache->count;
  return take_first(cache->first);
}

void StackPool::give(Stack* stack, StackCache* cache) {
  SizeClass& of = classes_[stack->size_class];
  if (cache == nullptr) {
    SpinGuard guard(of.lock);
    give_one(of, stack);
    return;
  }
  stack->next = cache->first;
  cache->first = stack;
  if (++cache->count < StackCache::kLimit) return;
  // The half that was used last stays: its pages are in the processor's caches.
  Stack* last = stack;
  for (uint32_t i = 1; i < kStackBatch; ++i) last = last->next;
  Stack* batch = std::exchange(last->next, nullptr);
  cache->count = kStackBatch;
  SpinGuard guard(of.lock);
  put_batch(of, batch, StackCache::kLimit - kStackBatch);
}

void StackPool::drain(StackCache* cache) {
  for (; cache->count > 0; --cache->count) give(take_first(cache->first), nullptr);
}

// --- pages back ---

void StackPool::note_idle(SizeClass& of, Clock::time_point now) {
  const bool within = now < of.period_end && of.period_end - now <= kIdlePeriod;
  if (within) return;
  if (of.period_end != Clock::time_point::min())
    of.surplus = of.least > kWarmStacks ? of.least - kWarmStacks : 0;
  of.period_end = now + kIdlePeriod;
  of.least = of.warm;
}

// False: none is surplus.
bool StackPool::release_batch(SizeClass& of, uint32_t& budget) {
  Stack* batch = nullptr;
  {
    SpinGuard guard(of.lock);
    if (of.surplus == 0 || of.oldest == nullptr) return false;
    batch = remove_batch(of, of.oldest);
    of.least = std::min(of.least, of.warm);
    of.surplus -= std::min(of.surplus, batch->count);
  }
  char* lows[kStackBatch];
  size_t count = 0;
  Stack* last = nullptr;
  for (Stack* stack = batch; stack != nullptr; stack = stack->next) {
    lows[count++] = stack->low;
    last = stack;
  }
  release_pages(lows, count, batch->size());
  budget -= std::min(budget, static_cast<uint32_t>(count));
  SpinGuard guard(of.lock);
  last->next = of.bare;
  of.bare = batch;
  return true;
}

bool StackPool::release_idle(Clock::time_point now, uint32_t most_stacks) {
  bool more = false;
  for (SizeClass& of : classes_) {
    // acquire [A1]: no more than for_each() needs. A class nobody uses costs this load.
    if (of.slabs.load(std::memory_order_acquire) == nullptr) continue;
    {
      SpinGuard guard(of.lock);
      note_idle(of, now);
    }
    while (most_stacks > 0 && release_batch(of, most_stacks)) {
    }
    SpinGuard guard(of.lock);
    more |= of.warm > kWarmStacks;
  }
  return more;
}

// --- all of them ---

void StackPool::for_each(void (*visit)(Stack*, void*), void* argument) {
  for (SizeClass& of : classes_) {
    // acquire [A1], [A2]: pair with [R1], [R2] in carve().
    for (Slab* slab = of.slabs.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->next) {
      const uint32_t carved = slab->carved.load(std::memory_order_acquire);
      for (uint32_t i = 0; i < carved; ++i) visit(slab->table + i, argument);
    }
  }
}

StackPool::Extent StackPool::extent() const {
  Extent extent;
  for (const SizeClass& of : classes_) {
    // acquire [A1]: as in for_each().
    for (const Slab* slab = of.slabs.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->next) {
      // Relaxed: a number by itself.
      const uint32_t carved = slab->carved.load(std::memory_order_relaxed);
      extent.stacks += carved;
      extent.bytes += carved * slot_size(slab->size_class);
    }
  }
  return extent;
}

const Stack* StackPool::find(const void* address) const {
  const char* byte = static_cast<const char*>(address);
  for (const SizeClass& of : classes_) {
    // acquire [A1], [A2]: as in for_each().
    for (Slab* slab = of.slabs.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->next) {
      const uint32_t carved = slab->carved.load(std::memory_order_acquire);
      if (byte < slab->slots || byte >= slab->slots + carved * slot_size(slab->size_class))
        continue;
      return slab->table + static_cast<size_t>(byte - slab->slots) / slot_size(slab->size_class);
    }
  }
  return nullptr;
}

}  // namespace fiber::internal
