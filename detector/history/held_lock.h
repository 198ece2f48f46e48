// held_lock.h: the locks that a fiber holds, or held at some time, in order of acquisition.
//
// Cost:     HeldList has no memory until the first lock, and room for twice as many when it is
// full. Threads:  as their owner's.
#ifndef FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H
#define FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "detector/clock/sized_memory.h"
#include "detector/history/stack_table.h"

namespace fibersan {

struct HeldLock {
  const void* lock = nullptr;
  StackId acquired = 0;
  bool write = true;
  bool of_thread = false;  // the system's, not the fiber library's
  int64_t since = 0;       // nanoseconds; 0: nobody asks (lock_held_ms)
};

class HeldList {
 public:
  constexpr HeldList() = default;
  HeldList(const HeldList&) = delete;
  HeldList& operator=(const HeldList&) = delete;
  ~HeldList() {
    if (room_ != 0) free_sized(locks_, room_ * sizeof(HeldLock));
  }

  [[nodiscard]] std::span<const HeldLock> all() const { return {locks_, count_}; }
  [[nodiscard]] const HeldLock* data() const { return locks_; }
  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

  void add(const HeldLock& lock) {
    if (count_ == room_) grow();
    locks_[count_++] = lock;
  }
  void remove(size_t index) {
    std::copy(locks_ + index + 1, locks_ + count_, locks_ + index);
    --count_;
  }

 private:
  static constexpr size_t kFirstRoom = 4;

  void grow() {
    const size_t room = room_ == 0 ? kFirstRoom : room_ * 2;
    auto* const larger = static_cast<HeldLock*>(allocate_sized(room * sizeof(HeldLock)));
    std::copy(locks_, locks_ + count_, larger);
    HeldLock* const old = locks_;
    locks_ = larger;
    if (room_ != 0) free_sized(old, room_ * sizeof(HeldLock));
    room_ = room;
  }

  HeldLock* locks_ = nullptr;
  size_t count_ = 0;
  size_t room_ = 0;
};

// At a past moment, for reports.
struct HeldLocks {
  std::vector<HeldLock> locks;

  [[nodiscard]] std::span<const HeldLock> all() const { return locks; }
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H
