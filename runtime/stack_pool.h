// stack_pool.h: the stacks of all fibers, in three levels, as Go's mcache, mcentral and mheap.
//
// Input:    a size; rounded up to a power of two from 16 KiB to 1 GiB.
// Output:   a Stack, which describes the memory; in that memory the fiber's record, at its top,
//           then its callable and its frames.
// State:    for each processor a StackCache of stacks of the default size; for each size a
//           central list of batches, the last one given in front, and behind it the stacks whose
//           pages went back; then slabs of address space. Memory is committed as it is touched.
// Cost:     a cache hit takes no lock and no system call; a batch of 32 one lock; a new stack a
//           32nd of a lock, its guard (0.8 us) and its first page fault.
// Threads:  the pool any; a StackCache its processor's worker.
// Not here: what a fiber keeps at the top of its stack, see fiber.h; guards and page-ins, see
//           stack_memory.h.
//
// Pages go back when they were not needed: release_idle() is called now and then; the fewest
// stacks that lay in a central list within the last second are surplus, the oldest batches go
// first, and kWarmStacks stay. A program whose fibers come and go in waves of less than a second
// never pays for new pages. Not when a fiber ends: a page fault costs more than ten spawns. What
// one deep fiber has committed stays with its stack until that was idle.
//
// Invariants
//   I1  A slab is never unmapped and a Stack never moves: dumps and late wakers may look at the
//       Stack and at the record of a dead fiber, which reads as zero once its pages went back.
//   I2  A stack is in exactly one place: a cache, a central list, a fiber's hands, or
//   release_idle()'s.
#ifndef FIBERSAN_RUNTIME_STACK_POOL_H
#define FIBERSAN_RUNTIME_STACK_POOL_H

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/lock.h"
#include "runtime/stack_memory.h"

namespace fiber::internal {

inline constexpr size_t kSmallestStack = 16384;
inline constexpr uint32_t kStackClasses = 17;  // 16 KiB << 16 is 1 GiB
inline constexpr size_t kLargestStack = kSmallestStack << (kStackClasses - 1);

struct Stack {
  char* low = nullptr;  // lowest usable byte
  uint32_t size_class = 0;
  uint32_t colour = 0;    // spreads the records of equal stacks over the cache's sets
  Stack* next = nullptr;  // of the batch or cache it is in

  // Of the first stack of a batch in a central list.
  Stack* newer = nullptr;
  Stack* older = nullptr;
  uint32_t count = 0;

  size_t size() const { return kSmallestStack << size_class; }
  char* high() const { return low + size(); }
};

// Free stacks of the default size of one processor.
struct StackCache {
  static constexpr uint32_t kLimit = 2 * kStackBatch;
  Stack* first = nullptr;
  uint32_t count = 0;
};

class StackPool {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr uint32_t kWarmStacks = 4 * kStackBatch;
  static constexpr auto kIdlePeriod = std::chrono::seconds(1);

  // The smallest class that holds `size` bytes. Throws Error when there is none.
  static uint32_t class_of(size_t size);

  // `cache` may be null. Throws std::system_error when the system gives no memory.
  Stack* take(uint32_t size_class, StackCache* cache);
  void give(Stack* stack, StackCache* cache);
  // Returns what the cache holds.
  void drain(StackCache* cache);

  // Gives pages back that the policy above calls surplus, at most so many stacks'. True: there
  // may be more, call again within kIdlePeriod. By one thread at a time.
  bool release_idle(Clock::time_point now, uint32_t most_stacks);

  // Calls visit(stack, argument) for every stack ever taken. No stack may be taken for the
  // first time meanwhile.
  void for_each(void (*visit)(Stack*, void*), void* argument);

  // Of all stacks ever taken, and of their batches: their number and address space, guards
  // included.
  struct Extent {
    uint64_t stacks = 0;
    uint64_t bytes = 0;
  };
  Extent extent() const;

  // The stack whose memory or guard holds the address, or null. Takes no lock: also from
  // a signal handler.
  const Stack* find(const void* address) const;

 private:
  struct Slab {
    Slab* next;
    char* slots;
    Stack* table;
    uint32_t stacks;
    std::atomic<uint32_t> carved;
    uint32_t size_class;
  };
  struct SizeClass {
    SpinLock lock{LockRank::kStackPool};
    Stack* newest FIBER_GUARDED_BY(lock) = nullptr;  // batches whose memory is committed
    Stack* oldest FIBER_GUARDED_BY(lock) = nullptr;
    uint32_t warm FIBER_GUARDED_BY(lock) = 0;     // stacks in them
    uint32_t least FIBER_GUARDED_BY(lock) = 0;    // of `warm` in this period
    uint32_t surplus FIBER_GUARDED_BY(lock) = 0;  // to be given back
    Clock::time_point period_end FIBER_GUARDED_BY(lock) = Clock::time_point::min();
    Stack* bare FIBER_GUARDED_BY(lock) = nullptr;  // their pages went back
    std::atomic<Slab*> slabs{nullptr};  // the first is the one being carved; grows in front
  };

  static size_t slot_size(uint32_t size_class) {
    return kGuardSize + (kSmallestStack << size_class);
  }
  static Slab* map_slab(uint32_t size_class, uint32_t stacks);
  // `least` is lowered by who takes, not by who only rearranges.
  static void put_batch(SizeClass& of, Stack* batch, uint32_t count) FIBER_REQUIRES(of.lock);
  static Stack* remove_batch(SizeClass& of, Stack* batch) FIBER_REQUIRES(of.lock);
  static void give_one(SizeClass& of, Stack* stack) FIBER_REQUIRES(of.lock);
  // A list of one to kStackBatch stacks.
  Stack* take_batch(SizeClass& of, uint32_t size_class, uint32_t most, uint32_t& count)
      FIBER_REQUIRES(of.lock);
  Stack* carve(SizeClass& of, uint32_t size_class, uint32_t most, uint32_t& count)
      FIBER_REQUIRES(of.lock);
  void note_idle(SizeClass& of, Clock::time_point now) FIBER_REQUIRES(of.lock);
  bool release_batch(SizeClass& of, uint32_t& budget);

  StackGuards guards_;
  SizeClass classes_[kStackClasses];
};

StackPool& stack_pool();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_STACK_POOL_H
