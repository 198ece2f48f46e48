// lane.h: the table of lanes. A lane is a chain of what fibers did one after the other.
//
// Input:    a fiber that starts wants a lane, a fiber that ends leaves its own.
// Output:   lane ids, the epoch to begin with, and what had to be forgotten for it.
// State:    FREE (nobody has stamped with it since it became free), LIVE (one fiber
//           owns it), RETIRED (its fiber ended; stamps with it may be in shadow).
// Cost:     O(1) under the spin lock of one processor's lists; O(processors) when
//           lanes run out.
// Threads:  any. A lane's state changes under the lock of its home processor only.
// Not here: what a fiber does with its lane between start and end, see fiber_clock.h.
//
// Invariants
//   I1  A LIVE lane has exactly one owner.
//   I2  RETIRED lanes that still have epochs are in the list of their home processor,
//       from oldest to newest; no other lane is.
//   I3  cur never decreases, so (lane, epoch) names one fiber for ever.
//   I4  A lane given to a fiber that does not know its tail gets a new generation.
//   I5  tail is the last epoch that something may have been stamped with.
//   I6  What a fiber stamped is visible to whoever began a round after its lane retired; a
//       lane that retired since, or was taken meanwhile, is not collected in that round.
#ifndef FIBERSAN_DETECTOR_CLOCK_LANE_H
#define FIBERSAN_DETECTOR_CLOCK_LANE_H

#include <atomic>
#include <cstdint>
#include <optional>

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
  Epoch cur = 0;                     // the first epoch to stamp with
  std::uint64_t previous_owner = 0;  // of a lane that is taken over
  bool must_tick = false;            // at the first release
  LaneList adoptable{};              // lanes that the last owner could have handed on
};

class LaneTable {
 public:
  constexpr LaneTable() = default;

  // A lane for a fiber that knows `clock`: a retired one that the clock dominates, a
  // free or new one, at last the oldest retired one (counted). Its lane is kNoLane when
  // every lane is LIVE or out of epochs (counted).
  LaneGrant grant(const Clock& clock, unsigned processor, std::uint64_t owner);

  // Whether a fiber that knows `clock` could take the lane over, as a quick look
  // without a lock. Only reserve() decides.
  [[nodiscard]] bool adoptable(LaneId lane, const Clock& clock) const;
  // Makes the lane LIVE for somebody who will know `clock`, until take() or retire().
  bool reserve(LaneId lane, const Clock& clock);
  LaneGrant take(LaneId reserved, std::uint64_t owner);
  void give_back(LaneId reserved);

  // The owner ended; `cur` is its counter and `tail` as in I5.
  void retire(LaneId lane, Epoch cur, Epoch tail, LaneList&& adoptable);
  // Rounds of the lane collector, see lane_round.h. The number of the one that begins.
  std::uint32_t begin_round();
  // The caller has seen since it began `round` that no stamp of this lane is left: if it was
  // RETIRED all the time it becomes free under a new generation. False when it was not, or
  // has no epochs left.
  bool collect(LaneId lane, std::uint32_t round);
  // Lanes that are RETIRED and have epochs.
  [[nodiscard]] std::uint32_t retired_lanes() const;
  // Is called before a lane with stamps left is given away, perhaps under the lock of a
  // Sync's table, unless fewer than an eighth of the budget retired since the last time.
  void set_last_resort(void (*collect_lanes)());

  [[nodiscard]] std::uint32_t generation(LaneId lane) const;
  [[nodiscard]] LaneState state(LaneId lane) const;
  // The last fiber that had the lane, if it is the one that stamped with `epoch`.
  [[nodiscard]] std::optional<std::uint64_t> owner(LaneId lane, Epoch epoch) const;
  // Of a lane below lane_bound(); false while its block is being made.
  [[nodiscard]] bool retired(LaneId lane) const;
  [[nodiscard]] std::uint64_t last_owner(LaneId lane) const;

  // For a fiber that will know the lane's tail without knowing all that its owners knew:
  // a new generation, so that E2's short cut does not hold. The tail; 0 for a LIVE lane, and for
  // one that has the tail of the last call: of an earlier run, whose caller knows it.
  Epoch renew(LaneId lane);

  // At most this many lanes; only before the first one is handed out. For users who prefer bounded
  // memory to exactness, and for tests.
  void set_budget(LaneId lanes);
  // Ids below this one were handed out at least once, or are about to be.
  [[nodiscard]] LaneId lane_bound() const;
  // How many different lanes were handed out.
  [[nodiscard]] LaneId lanes_created() const;
  [[nodiscard]] Forgotten forgotten() const;
  void count_exhausted_epoch();
  // Forgets everything. No fiber may be started, no lane reserved.
  void reset();

 private:
  struct Lane;
  struct alignas(64) Processor {
    SpinLock lock;  // rank 10
    LaneId oldest FIBERSAN_GUARDED_BY(lock) = kNoLane;
    LaneId newest FIBERSAN_GUARDED_BY(lock) = kNoLane;
    LaneId free FIBERSAN_GUARDED_BY(lock) = kNoLane;  // linked through Lane::next
    LaneId unused FIBERSAN_GUARDED_BY(lock) = 0;      // of the newest block
    LaneId unused_end FIBERSAN_GUARDED_BY(lock) = 0;
    // Written under the lock: lanes in the list, and retire() so far.
    std::atomic<std::uint32_t> retired{0};
    std::atomic<std::uint64_t> retirements{0};
  };

  [[nodiscard]] Lane& lane_at(LaneId lane) const;
  Processor& home(const Lane& lane);
  bool add_block(Processor& to) FIBERSAN_REQUIRES(to.lock);
  void link_newest(Processor& list, LaneId lane) FIBERSAN_REQUIRES(list.lock);
  void unlink(Processor& list, LaneId lane) FIBERSAN_REQUIRES(list.lock);
  void count_retired(Processor& list, int change) FIBERSAN_REQUIRES(list.lock);
  LaneId dominated(Processor& list, const Clock& clock, unsigned looks);
  LaneId unstamped(Processor& list, bool may_add_block);
  LaneId drop_oldest(Processor& list);
  LaneId find(const Clock& clock, unsigned processor);
  LaneId find_lossless(const Clock& clock, unsigned processor);
  bool collect_at_last();
  template <typename Look>
  LaneId search(unsigned processor, Look look);

  Processor processors_[kProcessorLists];
  // Of the one table; apart from what is not zero, for the size of a program's file.
  static constinit std::atomic<Lane*> blocks_[kBlockLimit];
  std::atomic<std::uint64_t> lists_with_blocks_{0};  // one bit each
  std::atomic<LaneId> bound_{0};
  std::atomic<LaneId> budget_{kLaneLimit};
  std::atomic<LaneId> lanes_created_{0};
  std::atomic<std::uint32_t> round_{1};
  std::atomic<void (*)()> last_resort_{nullptr};
  std::atomic<std::uint64_t> last_resort_at_{0};  // retirements by then
  std::atomic<std::uint64_t> lanes_reused_{0};
  std::atomic<std::uint64_t> fibers_without_lane_{0};
  std::atomic<std::uint64_t> epochs_exhausted_{0};
};

extern LaneTable lane_table;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_LANE_H
