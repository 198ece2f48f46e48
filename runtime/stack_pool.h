// stack_pool.h: the stacks of all fibers: made in slabs, guarded, used again.
//
// Input:    a size; rounded up to a power of two from 16 KiB to 1 GiB.
// Output:   a Stack, which sits at the top of the memory it describes; below it the
//           fiber's record, its callable and its frames.
// State:    for each size slabs of address space and a central list of free stacks; for each
//           processor a StackCache of the default size. Memory is committed as it is touched.
// Cost:     a cache hit takes no lock and no system call; a new stack costs its guard (0.3 us)
//           and its first page fault.
// Threads:  the pool any; a StackCache its processor's worker.
// Not here: what a fiber keeps at the top of its stack, see fiber.h; giving pages of dead
//           fibers back to the system.
//
// Invariants
//   I1  [low - kGuardSize, low) traps. MADV_GUARD_INSTALL where the kernel has it: no mapping
//       more. Elsewhere PROT_NONE, which splits the mapping: when the mapping limit is
//       reached that is said once, and further stacks have no guard.
//   I2  A slab is never unmapped: a Stack* stays valid for the life of the process, so
//       dumps and late wakers may look at it.
#ifndef FIBERSAN_RUNTIME_STACK_POOL_H
#define FIBERSAN_RUNTIME_STACK_POOL_H

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/lock.h"

namespace fiber::internal {

inline constexpr size_t kGuardSize = 16384;
inline constexpr size_t kSmallestStack = 16384;
inline constexpr uint32_t kStackClasses = 17;  // 16 KiB << 16 is 1 GiB
inline constexpr size_t kLargestStack = kSmallestStack << (kStackClasses - 1);

struct Stack {
  Stack* next = nullptr;  // link of the list of free stacks it is in
  char* low = nullptr;    // lowest usable byte
  uint32_t size_class = 0;
  uint32_t colour = 0;  // spreads the records of equal stacks over the cache's sets

  size_t size() const { return kSmallestStack << size_class; }
  char* high() const { return low + size(); }
};

// Free stacks of the default size of one processor.
struct StackCache {
  static constexpr uint32_t kLimit = 64;
  Stack* first = nullptr;
  uint32_t count = 0;
};

class StackPool {
 public:
  // The smallest class that holds `size` bytes. Throws Error when there is none.
  static uint32_t class_of(size_t size);

  // `cache` may be null. Throws std::system_error when the system gives no memory.
  Stack* take(uint32_t size_class, StackCache* cache);
  void give(Stack* stack, StackCache* cache);
  // Returns what the cache holds.
  void drain(StackCache* cache);

  // Calls visit(stack, argument) for every stack ever taken. No stack may be taken for the
  // first time meanwhile.
  void for_each(void (*visit)(Stack*, void*), void* argument);

  // The stack whose memory or guard holds the address, or null. Takes no lock: also from
  // a signal handler.
  const Stack* find(const void* address) const;

 private:
  struct Slab {
    Slab* next;
    char* memory;
    uint32_t stacks;
    std::atomic<uint32_t> carved;
    uint32_t size_class;
  };
  struct SizeClass {
    SpinLock lock{LockRank::kStackPool};
    Stack* free FIBER_GUARDED_BY(lock) = nullptr;
    std::atomic<Slab*> slabs{nullptr};  // the first is the one being carved; grows in front
  };

  static size_t slot_size(uint32_t size_class) {
    return kGuardSize + (kSmallestStack << size_class);
  }
  static Stack* stack_of(const Slab& slab, uint32_t index);
  static Slab* map_slab(uint32_t size_class, uint32_t stacks);
  Stack* carve(SizeClass& of, uint32_t size_class) FIBER_REQUIRES(of.lock);
  void refill(StackCache& cache, uint32_t size_class);

  SizeClass classes_[kStackClasses];
};

StackPool& stack_pool();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_STACK_POOL_H
