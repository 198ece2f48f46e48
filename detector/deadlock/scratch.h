// scratch.h: the memory of one search, while nobody may allocate.
//
// Output:   zeroed arrays from the system, given back together.
// Threads:  the one that searches.
//
// Invariants
//   C1  When the system gives none, failed() says so for the rest of the search, whose result
//       is then worth nothing.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_SCRATCH_H
#define FIBERSAN_DETECTOR_DEADLOCK_SCRATCH_H

#include <cstddef>
#include <cstdint>

namespace fibersan {

class Scratch {
 public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Null: there is none (C1).
  template <typename T>
  T* array(size_t count) {
    return static_cast<T*>(take(count * sizeof(T)));
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  // Large arrays have a piece of their own.
  static constexpr size_t kPiece = size_t{1} << 20;
  struct Piece {
    Piece* next;
    size_t bytes;
  };

  void* take(size_t bytes);
  void* map_piece(size_t bytes);

  Piece* pieces_ = nullptr;
  char* fresh_ = nullptr;
  size_t left_ = 0;
  bool failed_ = false;
};

// A stack or list that grows within a search.
template <typename T>
class ScratchList {
 public:
  explicit ScratchList(Scratch& scratch) : scratch_(scratch) {}

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return items_[i]; }
  const T& operator[](size_t i) const { return items_[i]; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }

  void push(const T& item) {
    if (size_ == room_ && !grow()) return;
    items_[size_++] = item;
  }
  T pop() { return items_[--size_]; }

 private:
  bool grow() {
    const size_t room = room_ == 0 ? 256 : room_ * 2;
    T* const larger = scratch_.array<T>(room);
    if (larger == nullptr) return false;
    for (size_t i = 0; i < size_; ++i) larger[i] = items_[i];
    items_ = larger;
    room_ = room;
    return true;
  }

  Scratch& scratch_;
  T* items_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_SCRATCH_H
