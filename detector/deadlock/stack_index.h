// stack_index.h: whose stack an address lies in, of all fibers of a world.
//
// Input:    an fsan_world. Output: the fiber's place in it.
// State:    a table with a word for each 64 KiB between the lowest stack and the highest, touched
//           where stacks are in use.
// Threads:  one.
//
// Invariants
//   X1  Fibers that are GONE, or whose stack pointer is not below their record, are in none.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_STACK_INDEX_H
#define FIBERSAN_DETECTOR_DEADLOCK_STACK_INDEX_H

#include "detector/abi/hooks.h"
#include "detector/deadlock/scratch.h"
#include "detector/heap/block_marks.h"

namespace fibersan {

inline constexpr uint32_t kNoFiber = ~uint32_t{0};

inline uintptr_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

class StackIndex {
 public:
  StackIndex(const fsan_world& world, Scratch& scratch);

  // In [stack_pointer, stack_high). kNoFiber: none.
  [[nodiscard]] uint32_t find(uintptr_t address) const {
    if (!place_.contains(address)) return kNoFiber;
    return find_here(address);
  }
  // All stacks, and what is between them.
  [[nodiscard]] AddressRange place() const { return place_; }

 private:
  static constexpr unsigned kStepBits = 16;
  struct Entry {
    AddressRange stack;
    uint32_t fiber;
    uint32_t next;  // in the same step, 0: none
  };

  [[nodiscard]] uint32_t find_here(uintptr_t address) const;
  [[nodiscard]] bool has_stack(uint32_t fiber) const;
  [[nodiscard]] uintptr_t step_of(uintptr_t address) const {
    return (address >> kStepBits) - (place_.low >> kStepBits);
  }

  const fsan_world& world_;
  AddressRange place_;
  uint32_t* steps_ = nullptr;  // the first entry of each, 0: none
  ScratchList<Entry> entries_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_STACK_INDEX_H
