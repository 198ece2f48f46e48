// sync.h: what a synchronisation object hands on: the knowledge of its releasers.
//
// Input:    release, merge and acquire of fibers, through fiber_clock.h.
// State:    empty, one releaser (lane, epoch, generation), or many. The clocks of
//           merged releases are appended and joined into one now and then.
// Cost:     release O(1); merge (WaitGroup.done) amortised O(1); acquire that knows the
//           releaser already O(1), otherwise one join.
// Threads:  none of its own: every call is made under a lock of the caller.
// Not here: the address -> Sync table, see detector/shadow/.
//
// Invariants
//   I1  With one releaser, clock_ is what that releaser published as (lane, epoch).
//   I2  pending_ holds what was merged and is not in clock_ yet, newest first.
//   I3  All that joined_ knows is in clock_; it is kept so that clocks with the same tree
//       need not be compared again.
//   I4  orphans_ are hints: lanes whose fibers may have ended after a merge here.
#ifndef FIBERSAN_DETECTOR_CLOCK_SYNC_H
#define FIBERSAN_DETECTOR_CLOCK_SYNC_H

#include <cstdint>

#include "detector/clock/clock.h"
#include "detector/clock/lane_list.h"
#include "detector/clock/limits.h"
#include "detector/clock/on_demand.h"

namespace fibersan {

class FiberClock;

// A release as others see it.
struct Releaser {
  LaneId lane = kNoLane;  // kNoLane: it cannot be recognised again
  Epoch epoch = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const Releaser&, const Releaser&) = default;
};

// Of one fiber's HardPast, or of several.
struct HardKnowledge {
  Clock clock;
  std::uint64_t serial = 0;  // 0: of several
  std::uint32_t version = 0;
};

class Sync {
 public:
  // Merged releases that wait to be joined, at most.
  static constexpr unsigned kPendingLimit = 32;

  constexpr Sync() = default;
  Sync(Sync&& other) noexcept;
  Sync& operator=(Sync&& other) noexcept;
  ~Sync() { clear(); }

  // Nothing was ever released here.
  [[nodiscard]] bool empty() const { return state_ == State::kEmpty; }
  // Knows what `other` knows, instead of or in addition to what it knew: what C++ fences
  // do with the objects of relaxed operations. `other` keeps its knowledge.
  void copy(Sync& other);
  void add(Sync& other);
  // The last one who released or merged here, for reports.
  [[nodiscard]] const Releaser& last_releaser() const { return releaser_; }
  // One releaser, recognised, and the fiber is ordered after its release already.
  [[nodiscard]] bool known_to(const FiberClock& fiber) const;
  // The fiber itself released last: it knows all that is here, and it has nothing to take along.
  [[nodiscard]] bool is_own(const FiberClock& fiber) const;
  // Forgets everything.
  void clear();
  // What its releasers knew by hard edges, see hard_past.h; clear() and move leave it.
  [[nodiscard]] OnDemand<HardKnowledge>& hard() { return hard_; }
  // Merged releases that acquire would have to join; for tests.
  [[nodiscard]] unsigned pending() const { return pending_count_; }

 private:
  friend class FiberClock;
  struct Pending;
  enum class State : std::uint8_t { kEmpty, kOne, kMany };

  void replace(const Releaser& releaser, const Clock& clock);
  void append(const Releaser& releaser, const Clock& clock);
  void compact();
  void drop_merged();
  Pending* take_newest_pending();
  static void free_pending(Pending* pending);
  void remember_orphan(LaneId lane);
  // Moves to `to` the lanes that a fiber with `clock`, which owns `own`, may hand on.
  void hand_orphans(const Clock& clock, LaneId own, LaneList& to) {
    if (state_ == State::kOne && (hinted_ || releaser_.lane == own)) return;
    look_for_orphans(clock, own, to);
  }
  void look_for_orphans(const Clock& clock, LaneId own, LaneList& to);

  // First what an acquire looks at that knows the releaser already.
  Releaser releaser_;
  State state_ = State::kEmpty;
  bool hinted_ = false;  // the only releaser's lane was handed to somebody already
  std::uint32_t pending_count_ = 0;
  Clock clock_;
  Pending* pending_ = nullptr;
  Pending* joined_ = nullptr;
  LaneList orphans_;
  OnDemand<HardKnowledge> hard_;
};

inline void Sync::replace(const Releaser& releaser, const Clock& clock) {
  if (state_ == State::kOne && releaser.lane != kNoLane && releaser == releaser_) return;  // I1
  if (state_ == State::kMany) drop_merged();
  hinted_ = false;
  clock_ = clock;
  releaser_ = releaser;
  state_ = State::kOne;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_SYNC_H
