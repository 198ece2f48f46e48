// clock.h: what a fiber knows: for each lane the last epoch it is ordered after.
//
// State:    at most 8 overrides over a persistent, reference-counted radix tree with
//           leaves of 64 lanes. at(lane) is the larger of the two.
// Cost:     copy O(1); join is proportional to what differs (equal subtrees are
//           skipped, and shared where one side contains the other); at() is eight
//           compares and at most four loads; set() amortised O(1).
// Threads:  a Clock belongs to one thread at a time; its nodes are shared between
//           threads and never written while they are.
// Not here: whose clock it is and when it grows, see fiber_clock.h.
//
// Invariants
//   I1  at() never decreases, whatever is called (except clear()).
//   I2  A node that more than one pointer refers to is not written any more.
//   I3  The leaf for lane l is reached by l's high bits; lanes above what the root
//       covers are unknown (0).
//   I4  Overrides beyond count_ name kNoLane.
#ifndef FIBERSAN_DETECTOR_CLOCK_CLOCK_H
#define FIBERSAN_DETECTOR_CLOCK_CLOCK_H

#include <cstdint>
#include <cstring>

#include "detector/clock/limits.h"

namespace fibersan {

struct ClockNode;

class Clock {
 public:
  static constexpr unsigned kOverrides = 8;

  constexpr Clock() = default;
  Clock(const Clock& other) { *this = other; }
  Clock(Clock&& other) noexcept { *this = static_cast<Clock&&>(other); }
  Clock& operator=(const Clock& other) {
    if (root_ != other.root_) share_tree(other.root_);
    if (this != &other) copy_overrides(other);
    return *this;
  }
  Clock& operator=(Clock&& other) noexcept {
    if (this == &other) return *this;
    if (root_ != nullptr) drop_tree();
    root_ = other.root_;
    copy_overrides(other);
    other.root_ = nullptr;
    other.drop_overrides();
    return *this;
  }
  ~Clock() {
    if (root_ != nullptr) drop_tree();
  }

  // The last epoch of `lane` that is known, 0 when none is.
  [[nodiscard]] Epoch at(LaneId lane) const;
  [[nodiscard]] bool knows(LaneId lane, Epoch epoch) const;

  // Learns `epoch` of `lane`.
  void set(LaneId lane, Epoch epoch) {
    for (unsigned i = 0; i < count_; ++i) {
      if (lanes_[i] != lane) continue;
      if (epochs_[i] < epoch) epochs_[i] = epoch;
      return;
    }
    set_new(lane, epoch);
  }
  // Learns all that `other` knows. False when that is certainly nothing new.
  bool join(const Clock& other);
  // The same when all that is in other's tree is known already.
  bool join_overrides(const Clock& other);
  // Moves overrides into the tree when few more would fit. Before a clock is copied to
  // many: otherwise each copy does it for itself, and they no longer share their tree.
  void make_room();
  // Knows nothing any more.
  void clear() {
    if (root_ != nullptr) drop_tree();
    drop_overrides();
  }

  // Two clocks that share their whole tree compare equal here.
  [[nodiscard]] const ClockNode* root() const { return root_; }
  [[nodiscard]] unsigned overrides() const { return count_; }
  // Nodes of all clocks of the process; 0 once all clocks are cleared.
  [[nodiscard]] static std::uint64_t live_nodes();
  // The first lane from `from` on with a known epoch, kNoLane when there is none.
  [[nodiscard]] LaneId next_known(LaneId from) const;
  // Visits every lane with a known epoch; for tests and dumps.
  template <typename Visitor>
  void for_each(Visitor&& visit) const;

 private:
  [[nodiscard]] Epoch override_of(LaneId lane) const;
  void set_new(LaneId lane, Epoch epoch);
  void flush();
  void share_tree(ClockNode* root);
  void drop_tree();
  void copy_overrides(const Clock& other) {
    count_ = other.count_;
    std::memcpy(lanes_, other.lanes_, sizeof lanes_);
    std::memcpy(epochs_, other.epochs_, sizeof epochs_);
  }
  void drop_overrides() {
    count_ = 0;
    for (LaneId& lane : lanes_) lane = kNoLane;  // I4
  }

  ClockNode* root_ = nullptr;
  std::uint32_t count_ = 0;
  LaneId lanes_[kOverrides] = {kNoLane, kNoLane, kNoLane, kNoLane,
                               kNoLane, kNoLane, kNoLane, kNoLane};
  Epoch epochs_[kOverrides] = {};
};

template <typename Visitor>
void Clock::for_each(Visitor&& visit) const {
  for (LaneId lane = next_known(0); lane != kNoLane; lane = next_known(lane + 1))
    visit(lane, at(lane));
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_CLOCK_H
