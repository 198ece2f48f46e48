// held_lock.h: the locks that a fiber held at some time, in order of acquisition.
#ifndef FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H
#define FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/history/stack_table.h"

namespace fibersan {

struct HeldLock {
  const void* lock = nullptr;
  StackId acquired = 0;
  bool write = true;
};

struct HeldLocks {
  static constexpr size_t kMax = 16;  // further ones are not named

  uint32_t count = 0;
  HeldLock locks[kMax];

  [[nodiscard]] std::span<const HeldLock> all() const { return {locks, count}; }
  void assign(std::span<const HeldLock> held) {
    count = static_cast<uint32_t>(held.size());
    std::copy(held.begin(), held.end(), locks);
  }
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_HELD_LOCK_H
