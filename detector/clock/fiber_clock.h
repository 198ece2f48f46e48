// fiber_clock.h: what a fiber owns while it lives: a lane, its counter, its clock.
//
// Input:    start and end of the fiber, its spawns, and what it releases and acquires.
// Output:   the stamp to leave in shadow, and whether a stamp found there is ordered
//           before everything the fiber does now.
// Cost:     spawn, release and a repeated acquire O(1); knows() about 2 ns.
// Threads:  only the thread that runs the fiber; every Sync under the caller's lock.
// Not here: where stamps are kept (detector/shadow/), which hook calls what
//           (detector/race/). A switch of fibers is nothing here: no call, no edge.
//
// The six epoch rules. A fiber owns `lane_` with counter `cur_`; dirty: something was
// stamped with cur_; changed: its clock grew since it last published.
//   E1  Release: dirty or changed: publish (lane_, cur_), then increment cur_.
//       Otherwise publish (lane_, cur_ - 1) and do not.
//   E2  A changed clock ticks, because acquire skips the join when it already knows
//       the releaser's (lane, epoch).
//   E3  Taking over a lane needs clock.at(lane) >= tail, and tail counts stamps that
//       were never published.
//   E4  A take-over increments cur_ and forces a tick at the first release.
//   E5  Only the lane of a fiber that has ended is taken, never of one that is merely
//       not running.
//   E6  A lane given away without E3 gets a new generation; a Sync stores its
//       releaser's generation, and E2's short cut holds only while it still matches.
//
// A stamp changes only in release(), merge(), tell(), swap(), spawn() and start(): the caller
// copies stamp() into __fsan_running.stamp after each of them.
#ifndef FIBERSAN_DETECTOR_CLOCK_FIBER_CLOCK_H
#define FIBERSAN_DETECTOR_CLOCK_FIBER_CLOCK_H

#include <cstdint>

#include "detector/clock/clock.h"
#include "detector/clock/lane.h"
#include "detector/clock/lane_list.h"
#include "detector/clock/stamp.h"
#include "detector/clock/sync.h"

namespace fibersan {

// What a fiber begins with: the creator's knowledge, and at most one lane that the
// creator could take over itself. Dropping one that was never used loses nothing.
class SpawnSnapshot {
 public:
  SpawnSnapshot() = default;
  SpawnSnapshot(SpawnSnapshot&& other) noexcept
      : clock_(static_cast<Clock&&>(other.clock_)), lane_(other.lane_) {
    other.lane_ = kNoLane;
  }
  SpawnSnapshot& operator=(SpawnSnapshot&& other) noexcept {
    if (this == &other) return *this;
    drop_lane();
    clock_ = static_cast<Clock&&>(other.clock_);
    lane_ = other.lane_;
    other.lane_ = kNoLane;
    return *this;
  }
  ~SpawnSnapshot() { drop_lane(); }

  // The lane goes back, the knowledge stays.
  void drop_lane() {
    if (lane_ != kNoLane) lane_table.give_back(lane_);
    lane_ = kNoLane;
  }

 private:
  friend class FiberClock;
  Clock clock_;
  LaneId lane_ = kNoLane;  // reserved in the table
};

class FiberClock {
 public:
  constexpr FiberClock() = default;
  FiberClock(const FiberClock&) = delete;
  FiberClock& operator=(const FiberClock&) = delete;

  // First run. `owner` names the fiber in lane_table. An empty snapshot: a fiber (or
  // thread) that nothing happens before. Returns who had its lane last, 0 when nobody had.
  std::uint64_t start(SpawnSnapshot&& snapshot, unsigned processor, std::uint64_t owner);
  // The same without a lane: it hands on what it acquires, and its own accesses are not
  // recorded; for who is not checked.
  void start_without_lane(SpawnSnapshot&& snapshot, std::uint64_t owner);
  // Never runs again; the lane stays for whoever turns out to be ordered after it. To be
  // called for every fiber that started, or its lane is lost.
  void end();

  void acquire(Sync& sync);
  // Lanes that the caller has followed by itself: of what their owners knew beyond them the
  // fiber knows as much, or learns it before it acquires anything else.
  void acquire(const Clock& lanes) { learn(lanes); }
  // What `sync` knew is overwritten. After acquire() under the same hold of the lock
  // this is also the exact release half of a read-modify-write.
  void release(Sync& sync);
  // Adds to what `sync` knows.
  void merge(Sync& sync);
  // Adds what it did and knows so that who acquires learns it, and nothing else: nobody
  // recognises the release, nor takes the lane over by it. For what is rarely acquired.
  void tell(Sync& sync);
  // Acquires what was there and leaves what the fiber knew before: a channel's slot.
  void swap(Sync& sync);
  [[nodiscard]] SpawnSnapshot spawn();
  // Orders the fiber after all that ended fibers did, joined or not: run() returns. Of the
  // lanes' last owners, those for which `counts` says so, since the last such call, whoever made
  // it. O(lanes); they may not be starting.
  void acquire_ended(bool (*counts)(std::uint64_t owner));

  // Lane and epoch, with empty mask and kind; 0 when the fiber got no lane: then it
  // must not be left in shadow (the fiber's accesses are checked but not recorded).
  [[nodiscard]] Stamp stamp() const { return lane_ == kNoLane ? 0 : make_stamp(lane_, cur_); }
  // The last stamp that others may know; 0: none.
  [[nodiscard]] Stamp published() const {
    return lane_ == kNoLane ? 0 : make_stamp(lane_, clock_.at(lane_));
  }
  // Something was stamped with stamp(). The inline check needs no call: what it finds
  // there was stamped through the slow path before.
  void touched() { dirty_ = true; }
  // False: nothing in the shadow has stamp().
  [[nodiscard]] bool has_touched() const { return dirty_; }

  // Whether all that `lane` did up to `epoch` happens before what this fiber does now.
  [[nodiscard]] bool knows(LaneId lane, Epoch epoch) const {
    return lane == lane_ || clock_.knows(lane, epoch);
  }
  // The same for a stamp that names a lane (neither extended nor freed).
  [[nodiscard]] bool covers(Stamp stamp) const {
    return knows(stamp_lane(stamp), stamp_epoch(stamp));
  }

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] LaneId lane() const { return lane_; }
  [[nodiscard]] Epoch epoch() const { return cur_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  friend class Sync;
  // E1: what to publish now; clock_ is ready to be copied afterwards.
  Releaser publish();
  // False when there is no further epoch to go on with.
  [[nodiscard]] bool tick();
  [[nodiscard]] bool continue_on_another_lane();
  void take(LaneGrant&& grant);
  void learn(const Clock& clock);

  Clock clock_;
  LaneList adoptable_;
  LaneId lane_ = kNoLane;
  std::uint32_t generation_ = 0;
  Epoch cur_ = 0;
  bool dirty_ = false;
  bool changed_ = false;
  bool started_ = false;
  bool exhausted_ = false;  // no epoch left, and no other lane to go on with
  std::uint16_t processor_ = 0;
  std::uint64_t owner_ = 0;
};

inline bool FiberClock::tick() {
  if (__builtin_expect(cur_ >= kEpochLimit, 0)) return continue_on_another_lane();
  ++cur_;
  dirty_ = changed_ = false;
  return true;
}

inline Releaser FiberClock::publish() {
  if (lane_ == kNoLane) return {};
  if (!dirty_ && !(changed_ && kBrokenRule != 2)) {  // E1, E2
    if constexpr (kBrokenRule == 1) {
      clock_.set(lane_, cur_);
      return {.lane = lane_, .epoch = cur_, .generation = generation_};
    }
    return {.lane = lane_, .epoch = cur_ - 1, .generation = generation_};
  }
  clock_.set(lane_, cur_);
  // An epoch that was published twice with different knowledge names neither.
  if (exhausted_) return {};
  const Releaser releaser{.lane = lane_, .epoch = cur_, .generation = generation_};
  return tick() ? releaser : Releaser{};
}

inline void FiberClock::release(Sync& sync) {
  const Releaser releaser = publish();
  sync.replace(releaser, clock_);
}

inline bool Sync::is_own(const FiberClock& fiber) const {
  return state_ == State::kOne && releaser_.lane == fiber.lane() && releaser_.lane != kNoLane &&
         releaser_.generation == fiber.generation();  // E6
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_FIBER_CLOCK_H
