// program_mappings.h: memory that the program has mapped itself, where pointers may be.
//
// Input:    mmap, munmap and their like. Output: ranges, in order of their addresses.
// State:    a sorted array.
// Cost:     what is behind the place in the array is moved.
// Threads:  any, under a spin lock; all() while nobody moves.
// Not here: blocks of the heap, stacks of the runtime's fibers, what the C library maps unseen.
#ifndef FIBERSAN_DETECTOR_HEAP_PROGRAM_MAPPINGS_H
#define FIBERSAN_DETECTOR_HEAP_PROGRAM_MAPPINGS_H

#include <atomic>
#include <cstdint>
#include <span>

#include "detector/clock/spin_lock.h"
#include "detector/heap/block_marks.h"

namespace fibersan {

class ProgramMappings {
 public:
  constexpr ProgramMappings() = default;

  void add(AddressRange range);
  void remove(AddressRange range);

  [[nodiscard]] std::span<const AddressRange> all() const FIBERSAN_UNCHECKED {
    return {ranges_, count_};
  }
  [[nodiscard]] bool contains(uintptr_t address);

  // The program keeps memory from its forked children (MADV_DONTFORK, MADV_WIPEONFORK).
  void hide_from_copies() { hidden_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool hides_from_copies() const {
    return hidden_.load(std::memory_order_relaxed);  // relaxed: never unset
  }

  // There was no memory to note one.
  [[nodiscard]] bool is_incomplete() const FIBERSAN_UNCHECKED { return incomplete_; }

 private:
  void remove_locked(AddressRange range) FIBERSAN_REQUIRES(lock_);
  bool make_room() FIBERSAN_REQUIRES(lock_);
  void insert(size_t place, AddressRange range) FIBERSAN_REQUIRES(lock_);

  SpinLock lock_;  // rank 9
  AddressRange* ranges_ FIBERSAN_GUARDED_BY(lock_) = nullptr;
  size_t count_ FIBERSAN_GUARDED_BY(lock_) = 0;
  size_t room_ FIBERSAN_GUARDED_BY(lock_) = 0;
  bool incomplete_ FIBERSAN_GUARDED_BY(lock_) = false;
  std::atomic<bool> hidden_{false};
};

extern ProgramMappings program_mappings;
// Of these: what other processes may write to as well.
extern ProgramMappings shared_mappings;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_PROGRAM_MAPPINGS_H
