// slab.h: memory for objects of one size, from mmap and never from malloc.
//
// State:    shards with a free list each, and a centre that trades full batches with
//           them, so that memory freed by one thread feeds another.
// Cost:     one uncontended spin lock and a list operation; a batch of 32 now and then.
//           Memory is kept for the same slab, not returned to the system.
// Threads:  any.
// Not here: the program's heap.
//
// Invariants
//   I1  An object is in exactly one of: its user's hands, one shard, one batch.
//   I2  A shard holds fewer than 2 * kBatch free objects.
#ifndef FIBERSAN_DETECTOR_CLOCK_SLAB_H
#define FIBERSAN_DETECTOR_CLOCK_SLAB_H

#include <cstddef>
#include <cstdint>

#include "detector/clock/spin_lock.h"

namespace fibersan {

class Slab {
 public:
  static constexpr unsigned kBatch = 32;
  static constexpr unsigned kShards = 16;
  static constexpr std::size_t kRegion = std::size_t{1} << 20;

  // `size` is rounded up to 16 bytes, the alignment of what is returned.
  constexpr explicit Slab(std::size_t size) : size_((size + 15) & ~std::size_t{15}) {}

  // Not zeroed. Never null: out of memory ends the process with a message.
  [[nodiscard]] void* allocate();
  void free(void* object);

  // Objects in users' hands.
  [[nodiscard]] std::uint64_t live() const;

 private:
  struct FreeObject {
    FreeObject* next;
    FreeObject* next_batch;
  };
  struct alignas(64) Shard {
    SpinLock lock;
    FreeObject* head FIBERSAN_GUARDED_BY(lock) = nullptr;
    unsigned count FIBERSAN_GUARDED_BY(lock) = 0;
    std::int64_t live FIBERSAN_GUARDED_BY(lock) = 0;
  };

  void refill(Shard& shard) FIBERSAN_REQUIRES(shard.lock);
  void spill(Shard& shard) FIBERSAN_REQUIRES(shard.lock);

  std::size_t size_;
  mutable Shard shards_[kShards];
  SpinLock centre_lock_;
  FreeObject* batches_ FIBERSAN_GUARDED_BY(centre_lock_) = nullptr;
  char* fresh_ FIBERSAN_GUARDED_BY(centre_lock_) = nullptr;
  char* fresh_end_ FIBERSAN_GUARDED_BY(centre_lock_) = nullptr;
};

// Anonymous zeroed memory from the system. Ends the process when there is none.
[[nodiscard]] void* map_memory(std::size_t size);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_SLAB_H
