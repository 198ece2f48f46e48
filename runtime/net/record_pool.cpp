#include "runtime/net/record_pool.h"

namespace fiber::internal {

[[clang::no_destroy]] constinit RecordPool record_pool;

PollRecord* RecordPool::take() {
  {
    SpinGuard guard(lock_);
    if (PollRecord* record = free_) {
      free_ = record->next_free_;
      return record;
    }
  }
  Slab* slab = new Slab;
  SpinGuard guard(lock_);
  for (uint32_t i = 1; i < kSlabRecords; ++i) {
    slab->records[i].next_free_ = free_;
    free_ = &slab->records[i];
  }
  slab->next = slabs_.load(std::memory_order_relaxed);
  // release [R1]: the slab's contents. Pairs with [A1] in for_each().
  slabs_.store(slab, std::memory_order_release);
  return &slab->records[0];
}

void RecordPool::give(PollRecord* record) {
  SpinGuard guard(lock_);
  record->next_free_ = free_;
  free_ = record;
}

bool RecordPool::for_each(bool (*visit)(PollRecord&, void*), void* argument) {
  // acquire [A1]: pairs with [R1].
  for (Slab* slab = slabs_.load(std::memory_order_acquire); slab != nullptr; slab = slab->next) {
    for (PollRecord& record : slab->records) {
      if (visit(record, argument)) return true;
    }
  }
  return false;
}

}  // namespace fiber::internal
