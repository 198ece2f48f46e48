#include "detector/deadlock/stack_index.h"

#include <algorithm>

namespace fibersan {

bool StackIndex::has_stack(uint32_t fiber) const {
  const fsan_world_fiber& of = world_.fibers[fiber];
  return of.activity != FSAN_ACTIVITY_GONE && of.stack_pointer != nullptr &&
         of.stack_pointer < of.stack_high;
}

StackIndex::StackIndex(const fsan_world& world, Scratch& scratch)
    : world_(world), entries_(scratch) {
  const auto count = static_cast<uint32_t>(world.fiber_count);
  for (uint32_t i = 0; i < count; ++i) {
    if (!has_stack(i)) continue;
    const uintptr_t low = address_of(world.fibers[i].stack_pointer);
    const uintptr_t high = address_of(world.fibers[i].stack_high);
    place_.low = place_.high == 0 ? low : std::min(place_.low, low);
    place_.high = std::max(place_.high, high);
  }
  if (place_.high == 0) return;
  steps_ = scratch.array<uint32_t>(step_of(place_.high - 1) + 1);
  if (steps_ == nullptr) {
    place_ = {};
    return;
  }
  entries_.push({{}, kNoFiber, 0});  // 0 is none
  for (uint32_t i = 0; i < count; ++i) {
    if (!has_stack(i)) continue;
    const AddressRange stack = {address_of(world.fibers[i].stack_pointer),
                                address_of(world.fibers[i].stack_high)};
    const uintptr_t last = step_of(stack.high - 1);
    for (uintptr_t step = step_of(stack.low); step <= last; ++step) {
      entries_.push({stack, i, steps_[step]});
      steps_[step] = static_cast<uint32_t>(entries_.size()) - 1;
    }
  }
}

uint32_t StackIndex::find_here(uintptr_t address) const {
  for (uint32_t entry = steps_[step_of(address)]; entry != 0; entry = entries_[entry].next) {
    if (entries_[entry].stack.contains(address)) return entries_[entry].fiber;
  }
  return kNoFiber;
}

}  // namespace fibersan
