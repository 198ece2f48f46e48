#include "detector/clock/fiber_clock.h"

#include "detector/clock/check.h"

namespace fibersan {

std::uint64_t FiberClock::start(SpawnSnapshot&& snapshot, unsigned processor, std::uint64_t owner) {
  FIBERSAN_CHECK(!started_, owner);
  started_ = true;
  processor_ = static_cast<std::uint16_t>(processor % kProcessorLists);
  owner_ = owner;
  clock_ = static_cast<Clock&&>(snapshot.clock_);
  const LaneId reserved = snapshot.lane_;
  snapshot.lane_ = kNoLane;
  LaneGrant grant = reserved != kNoLane ? lane_table.take(reserved, owner)
                                        : lane_table.grant(clock_, processor_, owner);
  const std::uint64_t previous = grant.previous_owner;
  take(static_cast<LaneGrant&&>(grant));
  return previous;
}

void FiberClock::start_without_lane(SpawnSnapshot&& snapshot, std::uint64_t owner) {
  FIBERSAN_CHECK(!started_, owner);
  snapshot.drop_lane();
  started_ = true;
  owner_ = owner;
  clock_ = static_cast<Clock&&>(snapshot.clock_);
}

void FiberClock::take(LaneGrant&& grant) {
  lane_ = grant.lane;
  generation_ = grant.generation;
  cur_ = grant.cur;
  dirty_ = false;
  changed_ = grant.must_tick;
  exhausted_ = false;
  adoptable_ = static_cast<LaneList&&>(grant.adoptable);
}

void FiberClock::end() {
  FIBERSAN_CHECK(started_, owner_);
  if (lane_ != kNoLane) {
    // E3: what was stamped since the last release is known to nobody.
    const Epoch tail = dirty_ && kBrokenRule != 3 ? cur_ : cur_ - 1;
    lane_table.retire(lane_, cur_, tail, static_cast<LaneList&&>(adoptable_));
  }
  clock_.clear();
  adoptable_.clear();
  lane_ = kNoLane;
  cur_ = 0;
  started_ = dirty_ = changed_ = exhausted_ = false;
}

bool FiberClock::continue_on_another_lane() {
  // The lane is used up. A new one continues the fiber without loss: the clock knows all
  // of the old one (it was set just now), whose epochs nobody will ever use again.
  if (LaneGrant next = lane_table.grant(clock_, processor_, owner_); next.lane != kNoLane) {
    lane_table.retire(lane_, cur_, cur_, static_cast<LaneList&&>(adoptable_));
    take(static_cast<LaneGrant&&>(next));
    changed_ = true;
    return true;
  }
  // Later accesses look published already: races are missed, none is invented, because
  // from now on nobody recognises what this fiber releases.
  lane_table.count_exhausted_epoch();
  exhausted_ = dirty_ = true;
  return false;
}

void FiberClock::learn(const Clock& clock) {
  if (clock_.join(clock)) changed_ = true;
}

void FiberClock::acquire(Sync& sync) {
  if (sync.empty() || sync.is_own(*this)) return;
  if (!sync.known_to(*this)) {
    sync.compact();
    learn(sync.clock_);
  }
  sync.hand_orphans(clock_, lane_, adoptable_);
}

void FiberClock::merge(Sync& sync) {
  // Whoever knows all that is there overwrites it with at least as much.
  if (sync.empty() || sync.is_own(*this) || sync.known_to(*this)) return release(sync);
  const Releaser releaser = publish();
  sync.append(releaser, clock_);
}

void FiberClock::tell(Sync& sync) {
  publish();
  sync.append({}, clock_);
}

void FiberClock::swap(Sync& sync) {
  if (sync.empty() || sync.known_to(*this)) {
    sync.hand_orphans(clock_, lane_, adoptable_);
    return release(sync);
  }
  const Releaser releaser = publish();
  const Clock before = clock_;
  acquire(sync);
  sync.replace(releaser, before);
}

SpawnSnapshot FiberClock::spawn() {
  SpawnSnapshot snapshot;
  publish();
  clock_.make_room();
  snapshot.clock_ = clock_;
  if (adoptable_.empty()) return snapshot;
  LaneId lane = adoptable_.pop();
  while (lane != kNoLane && !lane_table.reserve(lane, clock_)) lane = adoptable_.pop();
  snapshot.lane_ = lane;
  return snapshot;
}

void FiberClock::acquire_ended(bool (*counts)(std::uint64_t owner)) {
  for (LaneId lane = 0, end = lane_table.lane_bound(); lane < end; ++lane) {
    if (!counts(lane_table.last_owner(lane))) continue;
    const Epoch tail = lane_table.renew(lane);
    if (clock_.knows(lane, tail)) continue;
    clock_.set(lane, tail);
    changed_ = true;
  }
}

}  // namespace fibersan
