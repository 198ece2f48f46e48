// lane.h: the table of lanes. A lane is a chain of what fibers did one after the other.
//
// Input:    a fiber that starts wants a lane, a fiber that ends leaves its own.
// Output:   lane ids, the epoch to begin with, and what had to be forgotten for it.
// State:    FREE (nobody has stamped with it since it became free), LIVE (one fiber
//           owns it), RETIRED (its fiber ended; stamps with it may be in shadow).
// Cost:     O(1) under the spin lock of one processor's lists; O(processors) when
//           lanes run out.
// Threads:  any. A lane's numbers are written by its owner, or under the lock of its
//           home processor while it has none.
// Not here: what a fiber does with its lane between start and end, see fiber_clock.h.
//
// Invariants
//   I1  A LIVE lane has exactly one owner.
//   I2  RETIRED lanes that still have epochs are in the list of their home processor,
//       oldest first; no other lane is.
//   I3  cur never decreases, so (lane, epoch) names one fiber for ever.
//   I4  A lane given to a fiber that does not know its tail gets a new generation.
//   I5  tail is the last epoch that something may have been stamped with.
#ifndef FIBERSAN_DETECTOR_CLOCK_LANE_H
#define FIBERSAN_DETECTOR_CLOCK_LANE_H

#include <atomic>
#include <cstdint>

#include "detector/clock/clock.h"
#include "detector/clock/lane_list.h"
#include "detector/clock/limits.h"
#include "detector/clock/spin_lock.h"

namespace fibersan {

// What precision was lost, for the last line of a run. All zero: exact.
struct Forgotten {
  std::uint64_t lanes_reused = 0;         // retired lanes given away with stamps left
  std::uint64_t fibers_without_lane = 0;  // fibers whose accesses were not recorded
  std::uint64_t epochs_exhausted = 0;     // releases that could not tick any more
};

enum class LaneState : std::uint8_t { kFree, kLive, kRetired };

// What a fiber that starts gets.
struct LaneGrant {
  LaneId lane = kNoLane;
  std::uint32_t generation = 0;
  Epoch cur = 0;         // the first epoch to stamp with
  LaneList adoptable{};  // lanes that the last owner could have handed on
};

class LaneTable {
 public:
  constexpr LaneTable() = default;

  // A lane for a fiber that knows `clock`: one of `hint` (kNoLane: none) if that may be
  // taken over, a retired one that `clock` dominates, a free or new one, the oldest
  // retired one (counted). lane is kNoLane when every lane is LIVE or out of epochs.
  LaneGrant grant(const Clock& clock, LaneId hint, unsigned processor, std::uint64_t owner);
  // Only lossless ways, for a fiber that has run out of epochs and may do without.
  LaneGrant grant_fresh(unsigned processor, std::uint64_t owner);

  // Whether a fiber that knows `clock` could take the lane over at this moment.
  [[nodiscard]] bool adoptable(LaneId lane, const Clock& clock) const;
  // Reserves the lane, so that nobody else gets it until take() or give_back().
  bool reserve(LaneId lane, const Clock& clock);
  LaneGrant take_reserved(LaneId lane, std::uint64_t owner);
  void give_back(LaneId lane);

  // The owner ended; `cur` is its counter and `tail` as in I5.
  void retire(LaneId lane, Epoch cur, Epoch tail, LaneList&& adoptable);
  // No stamp of this RETIRED lane is left anywhere: it is free again under a new
  // generation. False when somebody has it.
  bool collect(LaneId lane);

  [[nodiscard]] std::uint32_t generation(LaneId lane) const;
  [[nodiscard]] LaneState state(LaneId lane) const;
  [[nodiscard]] std::uint64_t owner(LaneId lane) const;  // the last fiber that had it

  // At most this many lanes; before the first grant. For tests, and for users who
  // prefer a bound on memory to exactness.
  void set_budget(LaneId lanes);
  [[nodiscard]] LaneId lanes_in_use() const;  // ids handed out at least once
  [[nodiscard]] Forgotten forgotten() const;
  void count_exhausted_epoch();
  // Forgets everything. No FiberClock, Sync or snapshot may be alive.
  void reset();
};

extern LaneTable lane_table;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_LANE_H
