// record_pool.h: records that are nobody's, and pieces of memory that become records.
//
// Cost:     a lock that is held for a few instructions.
// Threads:  any.
// Not here: whose a record is, see extended.h.
//
// Invariants
//   L1  What is marked as fast calls nothing that another source compiles (race/check_fast.cpp).
#ifndef FIBERSAN_DETECTOR_SHADOW_RECORD_POOL_H
#define FIBERSAN_DETECTOR_SHADOW_RECORD_POOL_H

#include <atomic>
#include <cstdint>

#include "detector/clock/spin_lock.h"
#include "detector/shadow/record.h"

namespace fibersan {

class RecordPool {
 public:
  constexpr RecordPool() = default;

  // 0: there is no room for one.
  [[nodiscard]] uint32_t take();
  void give_back(uint32_t number);
  uint64_t in_use();

  // Fast: 0 when somebody holds the lock, or memory has to be mapped, too.
  [[nodiscard, gnu::always_inline]] uint32_t try_take(bool parallel) FIBERSAN_UNCHECKED {
    if (!lock_.try_lock_if(parallel)) return 0;
    const uint32_t number = ready();
    if (number != 0) taken(number);
    lock_.unlock();
    return number;
  }
  // Fast: give_back() between two of the caller's steps. False: somebody holds the lock.
  [[gnu::always_inline]] bool try_lock(bool parallel) FIBERSAN_UNCHECKED {
    return lock_.try_lock_if(parallel);
  }
  [[gnu::always_inline]] void give_back_and_unlock(uint32_t number) FIBERSAN_UNCHECKED {
    put_locked(number);
    lock_.unlock();
  }

 private:
  static constexpr uint32_t kPieceRecords = 1u << internal::kRecordPieceBits;

  // One that only has to be marked as taken; 0: none.
  [[gnu::always_inline]] uint32_t ready() const FIBERSAN_REQUIRES(lock_) {
    if (first_free_ != 0) return first_free_;
    const bool is_mapped =
        used_ != internal::kRecordLimit &&
        internal::record_pieces[used_ >> internal::kRecordPieceBits].load(
            std::memory_order_relaxed) != nullptr;  // relaxed: stored under the lock
    return is_mapped ? used_ : 0;
  }
  [[gnu::always_inline]] uint32_t taken(uint32_t number) FIBERSAN_REQUIRES(lock_) {
    if (number == first_free_) {
      first_free_ = record_at(number).next_free;
    } else {
      ++used_;
    }
    ++in_use_;
    return number;
  }
  [[gnu::always_inline]] void put_locked(uint32_t number) FIBERSAN_REQUIRES(lock_) {
    record_at(number).next_free = first_free_;
    first_free_ = number;
    --in_use_;
  }

  SpinLock lock_;  // rank 17
  uint32_t first_free_ FIBERSAN_GUARDED_BY(lock_) = 0;
  uint32_t used_ FIBERSAN_GUARDED_BY(lock_) = 1;  // 0 names none
  uint64_t in_use_ FIBERSAN_GUARDED_BY(lock_) = 0;
};

extern constinit RecordPool record_pool;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_RECORD_POOL_H
