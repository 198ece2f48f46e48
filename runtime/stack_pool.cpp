#include "runtime/stack_pool.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <new>
#include <string>
#include <system_error>

#include "fiber/error.h"
#include "runtime/check.h"

namespace fiber::internal {
namespace {

#ifndef MADV_GUARD_INSTALL
constexpr int MADV_GUARD_INSTALL = 102;  // since Linux 6.13
#endif

constexpr uint32_t kFirstSlabStacks = 16;
constexpr size_t kLargestSlab = size_t{64} << 20;

void install_guard(char* guard) {
  static std::atomic<bool> kernel_has_guards{true};
  static std::atomic<bool> told{false};
  // Relaxed: worst case two threads find out twice.
  if (kernel_has_guards.load(std::memory_order_relaxed)) {
    if (madvise(guard, kGuardSize, MADV_GUARD_INSTALL) == 0) return;
    kernel_has_guards.store(false, std::memory_order_relaxed);
  }
  if (mprotect(guard, kGuardSize, PROT_NONE) == 0) return;
  if (!told.exchange(true, std::memory_order_relaxed)) {
    std::fprintf(stderr,
                 "fiber: no more mappings for stack guards: a stack overflow of a further fiber "
                 "goes unnoticed; raise vm.max_map_count\n");
  }
}

[[noreturn]] void throw_no_memory(size_t bytes) {
  throw std::system_error(
      errno, std::generic_category(),
      "fiber: cannot map " + std::to_string(bytes >> 20) +
          " MiB of address space for stacks; lower FIBER_OPTIONS=stack_size, or raise ulimit -v or "
          "vm.overcommit_memory");
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

Stack* StackPool::stack_of(const Slab& slab, uint32_t index) {
  char* slot = slab.memory + index * slot_size(slab.size_class);
  return reinterpret_cast<Stack*>(slot + slot_size(slab.size_class)) - 1;
}

StackPool::Slab* StackPool::map_slab(uint32_t size_class, uint32_t stacks) {
  const size_t bytes = stacks * slot_size(size_class);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) {
    if (stacks == 1) throw_no_memory(bytes);
    return map_slab(size_class, stacks / 2);
  }
  // A huge page would commit the untouched parts of several stacks.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  return new Slab{nullptr, static_cast<char*>(memory), stacks, 0, size_class};
}

Stack* StackPool::carve(SizeClass& of, uint32_t size_class) {
  Slab* slab = of.slabs.load(std::memory_order_relaxed);
  if (slab == nullptr || slab->carved.load(std::memory_order_relaxed) == slab->stacks) {
    const uint32_t most =
        static_cast<uint32_t>(std::max<size_t>(1, kLargestSlab / slot_size(size_class)));
    Slab* grown =
        map_slab(size_class, std::min(most, slab == nullptr ? kFirstSlabStacks : slab->stacks * 2));
    grown->next = slab;
    // release [R1]: the slab. Pairs with [A1] in find() and for_each().
    of.slabs.store(grown, std::memory_order_release);
    slab = grown;
  }
  const uint32_t index = slab->carved.load(std::memory_order_relaxed);
  char* slot = slab->memory + index * slot_size(size_class);
  install_guard(slot);
  Stack* stack = new (stack_of(*slab, index)) Stack;
  stack->low = slot + kGuardSize;
  stack->size_class = size_class;
  stack->colour = index;
  // release [R2]: the stack. Pairs with [A2].
  slab->carved.store(index + 1, std::memory_order_release);
  return stack;
}

void StackPool::refill(StackCache& cache, uint32_t size_class) {
  SizeClass& of = classes_[size_class];
  SpinGuard guard(of.lock);
  while (cache.count < StackCache::kLimit / 2 && of.free != nullptr) {
    Stack* stack = of.free;
    of.free = stack->next;
    stack->next = cache.first;
    cache.first = stack;
    ++cache.count;
  }
}

Stack* StackPool::take(uint32_t size_class, StackCache* cache) {
  if (cache != nullptr) {
    if (cache->count == 0) refill(*cache, size_class);
    if (Stack* stack = cache->first; stack != nullptr) {
      cache->first = stack->next;
      --cache->count;
      return stack;
    }
  }
  SizeClass& of = classes_[size_class];
  SpinGuard guard(of.lock);
  if (Stack* stack = of.free; stack != nullptr) {
    of.free = stack->next;
    return stack;
  }
  return carve(of, size_class);
}

void StackPool::give(Stack* stack, StackCache* cache) {
  SizeClass& of = classes_[stack->size_class];
  if (cache == nullptr) {
    SpinGuard guard(of.lock);
    stack->next = of.free;
    of.free = stack;
    return;
  }
  stack->next = cache->first;
  cache->first = stack;
  if (++cache->count < StackCache::kLimit) return;
  SpinGuard guard(of.lock);
  for (; cache->count > StackCache::kLimit / 2; --cache->count) {
    Stack* back = cache->first;
    cache->first = back->next;
    back->next = of.free;
    of.free = back;
  }
}

void StackPool::drain(StackCache* cache) {
  while (Stack* stack = cache->first) {
    cache->first = stack->next;
    --cache->count;
    give(stack, nullptr);
  }
}

void StackPool::for_each(void (*visit)(Stack*, void*), void* argument) {
  for (SizeClass& of : classes_) {
    // acquire [A1], [A2]: pair with [R1], [R2] in carve().
    for (Slab* slab = of.slabs.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->next) {
      const uint32_t carved = slab->carved.load(std::memory_order_acquire);
      for (uint32_t i = 0; i < carved; ++i) visit(stack_of(*slab, i), argument);
    }
  }
}

const Stack* StackPool::find(const void* address) const {
  const char* byte = static_cast<const char*>(address);
  for (const SizeClass& of : classes_) {
    // acquire [A1], [A2]: as in for_each().
    for (Slab* slab = of.slabs.load(std::memory_order_acquire); slab != nullptr;
         slab = slab->next) {
      const uint32_t carved = slab->carved.load(std::memory_order_acquire);
      if (byte < slab->memory || byte >= slab->memory + carved * slot_size(slab->size_class))
        continue;
      return stack_of(*slab,
                      static_cast<uint32_t>((byte - slab->memory) /
                                            static_cast<ptrdiff_t>(slot_size(slab->size_class))));
    }
  }
  return nullptr;
}

}  // namespace fiber::internal
