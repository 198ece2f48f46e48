// mapped_array.h: copies of what stands still, in memory of their own: nothing may be allocated.
//
// Cost:     a system call for room(), another for give_back().
// Threads:  one.
//
// Invariants
//   A1  What there is no room for, or no memory, is left out; full() tells before.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_MAPPED_ARRAY_H
#define FIBERSAN_DETECTOR_DEADLOCK_MAPPED_ARRAY_H

#include <cstddef>
#include <span>

#include "detector/history/mapping.h"

namespace fibersan {

template <typename T>
class MappedArray {
 public:
  // Empty, for so many at most.
  void make_room(size_t count) {
    give_back();
    items_ = static_cast<T*>(try_map_memory((count + 1) * sizeof(T)));
    room_ = items_ == nullptr ? 0 : count;
  }
  // The same; without memory for it the process ends and says so.
  void make_room(size_t count, const char* purpose) {
    give_back();
    items_ = static_cast<T*>(map_memory((count + 1) * sizeof(T), purpose));
    room_ = count;
  }
  [[nodiscard]] bool full() const { return count_ == room_; }
  void push(const T& item) {
    if (!full()) items_[count_++] = item;
  }
  [[nodiscard]] std::span<const T> all() const { return {items_, count_}; }
  T* begin() { return items_; }
  T* end() { return items_ + count_; }
  // From make_room() until then, also without memory for any.
  [[nodiscard]] bool in_use() const { return items_ != nullptr; }
  void give_back() {
    if (items_ != nullptr) unmap_memory(items_, (room_ + 1) * sizeof(T));
    items_ = nullptr;
    room_ = count_ = 0;
  }

 private:
  T* items_ = nullptr;
  size_t room_ = 0;
  size_t count_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_MAPPED_ARRAY_H
