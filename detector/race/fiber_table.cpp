#include "detector/race/fiber_table.h"

#include "detector/clock/spin_lock.h"

namespace fibersan {
namespace {

SpinLock list_lock;  // rank 8
fsan_fiber* newest FIBERSAN_GUARDED_BY(list_lock) = nullptr;
fsan_fiber* oldest FIBERSAN_GUARDED_BY(list_lock) = nullptr;

}  // namespace

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
