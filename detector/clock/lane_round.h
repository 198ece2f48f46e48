// lane_round.h: one round of the lane collector: which retired lanes have no stamp left.
//
// Input:    begin(), then every stamp that is in the shadow, then free_some() until it
//           returns false.
// Output:   lanes that nobody has a stamp of are FREE again, under a new generation.
// Cost:     saw() a store into a table of one byte for each lane; free_some() a load for
//           each lane, and a spin lock for each one that it frees.
// Threads:  one at a time. Fibers may start, run and end meanwhile.
// Not here: where stamps are and when to collect, see detector/collector/.
//
// Why nothing is lost. A candidate is a lane that was RETIRED when the round began and still
// is when it is freed. Its fibers have ended, so nobody makes a stamp with it: those that
// there are were visible before begin() returned (lane.h I6). From then on they are only
//   - replaced by a stamp that whoever races with them races with too (cell.h C2),
//   - forgotten with their memory, or
//   - moved within their cell, between slot and record; whoever reads a cell as
//     for_each_stamp() does sees a stamp that stays, wherever it is moved (extended.h E4).
// One move seems to bring a stamp back: a thread read both slots, was delayed, and extends
// the cell with what it read, after slot 1 was replaced. Then the replacement is in the
// record too (extended.cpp takes along what slot 1 holds at that moment), and whoever races
// with the old stamp races with that one. The old one invents no race either: it is an access
// that happened, and what clocks know of its lane never shrinks.
// So after a complete look at the shadow a candidate that was not seen decides no verdict
// any more, and its numbers can be used again: its epochs go on (lane.h I3), and Syncs that
// remember an older release of it no longer recognise it (E6).
#ifndef FIBERSAN_DETECTOR_CLOCK_LANE_ROUND_H
#define FIBERSAN_DETECTOR_CLOCK_LANE_ROUND_H

#include <cstddef>
#include <cstdint>

#include "detector/clock/limits.h"
#include "detector/clock/stamp.h"

namespace fibersan {

class LaneRound {
 public:
  constexpr LaneRound() = default;

  void begin();
  // Any word of a cell: stamps that name no lane are harmless.
  void saw(Stamp stamp) {
    if (stamp != 0) seen_[stamp_lane(stamp)] = 1;
  }
  // Looks at so many lanes. False when none is left.
  bool free_some(LaneId lanes);

  [[nodiscard]] LaneId freed() const { return freed_; }

 private:
  std::uint8_t* seen_ = nullptr;  // for every lane that a stamp can name
  std::uint32_t round_ = 0;
  LaneId bound_ = 0;
  LaneId next_ = 0;
  LaneId freed_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_LANE_ROUND_H
