#include "runtime/channel/slot_syncs.h"

#include <new>

#include "runtime/memory.h"

namespace fiber::internal {

SlotSyncs::SlotSyncs(SlotSync* places, SlotSync** slots, size_t capacity) : slots_(slots) {
  if (capacity == 0) return;
  for (size_t i = 0; i < capacity; ++i) slots_[i] = new (&places[i]) SlotSync;
  spare_ = new (&places[capacity]) SlotSync;
}

SlotSyncs::~SlotSyncs() {
  while (Extra* extra = extras_) {
    extras_ = extra->next;
    deallocate(extra, sizeof(Extra), alignof(Extra));
  }
}

// Under the lock there is one taker only, so the first of the list cannot be taken and come
// back between the load and the exchange.
SlotSync* SlotSyncs::take() noexcept {
  // acquire [A1]: reads `next` of what another thread gave back. Pairs with [R1].
  SlotSync* sync = free_.load(std::memory_order_acquire);
  while (sync != nullptr) {
    if (free_.compare_exchange_weak(sync, sync->next, std::memory_order_acquire,
                                    std::memory_order_acquire)) {
      return sync;
    }
  }
  extras_ = new (allocate(sizeof(Extra), alignof(Extra))) Extra{{}, extras_};
  return &extras_->sync;
}

void SlotSyncs::give_back(SlotSync* sync) noexcept {
  SlotSync* first = free_.load(std::memory_order_relaxed);
  do {
    sync->next = first;
    // release [R1]: publishes `next`. Pairs with [A1] in take().
  } while (!free_.compare_exchange_weak(first, sync, std::memory_order_release,
                                        std::memory_order_relaxed));
}

}  // namespace fiber::internal
