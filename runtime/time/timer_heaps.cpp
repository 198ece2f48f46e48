#include "runtime/time/timer_heaps.h"

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

void TimerHeaps::clear() {
  for (uint32_t i = 0; i < count(); ++i) heaps_[i]->clear();
}

}  // namespace fiber::internal
