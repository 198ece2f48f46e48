// pages.h: arrays of the standing world, in memory that was asked for before anybody was stopped.
#ifndef FIBERSAN_RUNTIME_WORLD_PAGES_H
#define FIBERSAN_RUNTIME_WORLD_PAGES_H

#include <cstddef>

namespace fiber::internal {

// Null: the system has none.
void* map_pages(size_t bytes);
void unmap_pages(void* memory, size_t bytes);

// Memory of pages for a number of T, which are not constructed.
template <class T>
class Pages {
 public:
  // False: the system has none. What was there is lost.
  [[nodiscard]] bool reserve(size_t count) {
    if (count <= capacity_) return true;
    release();
    memory_ = static_cast<T*>(map_pages(count * sizeof(T)));
    capacity_ = memory_ == nullptr ? 0 : count;
    return memory_ != nullptr;
  }
  void clear() { size_ = 0; }
  // False: full.
  bool add(const T& value) {
    if (size_ == capacity_) return false;
    memory_[size_++] = value;
    return true;
  }
  T* data() { return memory_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  T& operator[](size_t index) { return memory_[index]; }

 private:
  void release() {
    if (memory_ != nullptr) unmap_pages(memory_, capacity_ * sizeof(T));
    size_ = capacity_ = 0;
    memory_ = nullptr;
  }

  T* memory_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_PAGES_H
