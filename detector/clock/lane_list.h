// lane_list.h: a stack of lane ids that somebody may be able to take over.
//
// Output:   hints only: whoever pops one still has to claim the lane from the table.
// Cost:     push, pop and taking a whole list are O(1); one lane needs no memory, 13 more
//           take 64 bytes.
//           At most kLimit lanes: one more, and all older ones are forgotten, so that a
//           fiber that takes over nothing does not collect hints for ever.
// Threads:  one at a time (the owner's, or under the lock of what contains it).
#ifndef FIBERSAN_DETECTOR_CLOCK_LANE_LIST_H
#define FIBERSAN_DETECTOR_CLOCK_LANE_LIST_H

#include "detector/clock/limits.h"

namespace fibersan {

class LaneList {
 public:
  static constexpr unsigned kLimit = 4096;

  constexpr LaneList() = default;
  LaneList(LaneList&& other) noexcept
      : head_(other.head_), size_(other.size_), newest_(other.newest_) {
    other.head_ = nullptr;
    other.size_ = 0;
  }
  LaneList& operator=(LaneList&& other) noexcept;
  ~LaneList() {
    if (head_ != nullptr) clear();
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] unsigned size() const { return size_; }
  void push(LaneId lane) {
    if (size_ == kLimit) clear();
    if (size_++ != 0) put_away(newest_);
    newest_ = lane;
  }
  // kNoLane when empty.
  LaneId pop() {
    if (size_ == 0) return kNoLane;
    const LaneId lane = newest_;
    if (--size_ != 0) newest_ = take_out();
    return lane;
  }
  void clear();

  // Chunks of all lists of the process.
  [[nodiscard]] static std::uint64_t live_chunks();

 private:
  struct Chunk;
  void put_away(LaneId lane);
  LaneId take_out();

  Chunk* head_ = nullptr;  // all but the newest
  unsigned size_ = 0;
  LaneId newest_ = kNoLane;  // if size_ is not 0
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_LANE_LIST_H
