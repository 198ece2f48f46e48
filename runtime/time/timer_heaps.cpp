#include "runtime/time/timer_heaps.h"

#include <algorithm>

#include "runtime/check.h"

namespace fiber::internal {

void TimerHeaps::add(TimerHeap& heap) {
  const uint32_t index = count_.load(std::memory_order_relaxed);
  FIBERSAN_CHECK(index < kMost, index);
  heaps_[index] = &heap;
  // release: pairs with the acquire in count().
  count_.store(index + 1, std::memory_order_release);
}

bool TimerHeaps::fire_due() {
  const Clock::time_point next = next_deadline();
  if (next == TimerHeap::kNever) return false;
  const Clock::time_point now = Clock::now();
  if (next > now) return false;
  bool fired = false;
  for (uint32_t i = 0; i < count(); ++i) {
    if (heaps_[i]->next_deadline() <= now) fired |= heaps_[i]->fire_due(now);
  }
  return fired;
}

// In ascending order of address, as all locks of one rank.
void TimerHeaps::lock_all() {
  locked_ = count();
  std::copy_n(heaps_.begin(), locked_, in_order_.begin());
  std::sort(in_order_.begin(), in_order_.begin() + locked_);
  for (uint32_t i = 0; i < locked_; ++i) in_order_[i]->lock();
}

void TimerHeaps::unlock_all() {
  for (uint32_t i = locked_; i-- > 0;) in_order_[i]->unlock();
}

void TimerHeaps::for_each_armed(void (*visit)(const void*, const void*, void*), void* argument) {
  for (uint32_t i = 0; i < locked_; ++i) {
    const TimerHeap::Memory memory = in_order_[i]->memory();
    if (memory.low != memory.high) visit(memory.low, memory.high, argument);
  }
}

void TimerHeaps::clear() {
  for (uint32_t i = 0; i < count(); ++i) heaps_[i]->clear();
}

}  // namespace fiber::internal
