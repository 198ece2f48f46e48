// lock_set.h: the locks that a fiber holds, oldest first.
//
// Cost:     the first four live in the fiber; more need a page of memory until the end.
// Threads:  only the thread that runs the fiber; reports read it for their own fiber.
// Not here: the order that a lock makes, see race/locks.cpp.
#ifndef FIBERSAN_DETECTOR_LOCK_SET_H
#define FIBERSAN_DETECTOR_LOCK_SET_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace fibersan {

struct HeldLock {
  const void* lock = nullptr;
  bool write = false;
  uint64_t acquired_at = 0;  // context of note_access_context()
};

class LockSet {
 public:
  constexpr LockSet() = default;
  LockSet(const LockSet&) = delete;
  LockSet& operator=(const LockSet&) = delete;
  ~LockSet();

  void add(const HeldLock& held);
  // Removes the newest hold of `lock` in that mode. False when there is none.
  bool remove(const void* lock, bool write);
  void clear();

  [[nodiscard]] std::span<const HeldLock> held() const {
    return {spilled_ != nullptr ? spilled_ : inline_, count_};
  }

 private:
  static constexpr uint32_t kInline = 4;

  HeldLock* data() { return spilled_ != nullptr ? spilled_ : inline_; }
  void grow();

  uint32_t count_ = 0;
  uint32_t capacity_ = kInline;
  HeldLock inline_[kInline];
  HeldLock* spilled_ = nullptr;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_LOCK_SET_H
