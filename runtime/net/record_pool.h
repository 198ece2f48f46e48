// record_pool.h: the memory of all PollRecords: made in slabs, used again, never freed.
//
// Cost:     take() and give() a short lock; for_each() all records ever made.
// Threads:  any. for_each() sees what was made before it began.
#ifndef FIBERSAN_RUNTIME_NET_RECORD_POOL_H
#define FIBERSAN_RUNTIME_NET_RECORD_POOL_H

#include <atomic>
#include <cstdint>

#include "runtime/lock.h"
#include "runtime/net/poll_record.h"

namespace fiber::internal {

class RecordPool {
 public:
  PollRecord* take();  // throws std::bad_alloc
  void give(PollRecord* record);
  bool for_each(bool (*visit)(PollRecord&, void*), void* argument);

 private:
  static constexpr uint32_t kSlabRecords = 60;  // about 16 KiB
  struct Slab {
    PollRecord records[kSlabRecords];
    Slab* next = nullptr;
  };

  SpinLock lock_{LockRank::kPollRecord};
  PollRecord* free_ FIBER_GUARDED_BY(lock_) = nullptr;
  std::atomic<Slab*> slabs_{nullptr};  // grows in front
};

extern RecordPool record_pool;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_RECORD_POOL_H
