#include "detector/clock/sync.h"

#include <new>

#include "detector/clock/fiber_clock.h"
#include "detector/clock/lane.h"
#include "detector/clock/slab.h"

namespace fibersan {

struct Sync::Pending {
  Releaser releaser;
  Clock clock;
  Pending* next;
};

namespace {

// Of lanes whose fibers are still alive, as many are looked at again by the next acquire.
constexpr unsigned kLiveOrphanLimit = 16;

// Of one Sync::Pending, which is private.
constexpr std::size_t kPendingSize = 128;
constinit Slab pending_slab(kPendingSize);

}  // namespace

Sync::Sync(Sync&& other) noexcept : Sync() { *this = static_cast<Sync&&>(other); }

Sync& Sync::operator=(Sync&& other) noexcept {
  if (this == &other) return *this;
  clear();
  clock_ = static_cast<Clock&&>(other.clock_);
  orphans_ = static_cast<LaneList&&>(other.orphans_);
  releaser_ = other.releaser_;
  state_ = other.state_;
  hinted_ = other.hinted_;
  pending_count_ = other.pending_count_;
  pending_ = other.pending_;
  joined_ = other.joined_;
  other.pending_ = other.joined_ = nullptr;
  other.clear();
  return *this;
}

void Sync::clear() {
  drop_merged();
  clock_.clear();
  releaser_ = {};
  state_ = State::kEmpty;
  hinted_ = false;
}

void Sync::drop_merged() {
  while (pending_ != nullptr) free_pending(take_newest_pending());
  free_pending(joined_);
  joined_ = nullptr;
  pending_count_ = 0;
  orphans_.clear();
}

Sync::Pending* Sync::take_newest_pending() {
  Pending* taken = pending_;
  pending_ = taken->next;
  return taken;
}

void Sync::free_pending(Pending* pending) {
  if (pending == nullptr) return;
  pending->~Pending();
  pending_slab.free(pending);
}

bool Sync::known_to(const FiberClock& fiber) const {
  if (state_ != State::kOne || releaser_.lane == kNoLane) return false;
  if (releaser_.lane == fiber.lane())
    return kBrokenRule == 6 || releaser_.generation == fiber.generation();  // E6
  const bool same_generation =
      kBrokenRule == 6 || lane_table.generation(releaser_.lane) == releaser_.generation;  // E6
  return same_generation && fiber.knows(releaser_.lane, releaser_.epoch);
}

void Sync::append(const Releaser& releaser, const Clock& clock) {
  if (state_ == State::kOne && !hinted_) remember_orphan(releaser_.lane);
  state_ = State::kMany;
  const bool recognised = releaser.lane != kNoLane;
  releaser_ = releaser;
  if (recognised && pending_ != nullptr && pending_->releaser.lane == releaser.lane &&
      pending_->releaser.generation == releaser.generation) {
    // A chain knows what it published before.
    pending_->clock = clock;
    return;
  }
  static_assert(sizeof(Pending) <= kPendingSize);
  pending_ = new (pending_slab.allocate()) Pending{releaser, clock, pending_};
  if (++pending_count_ == kPendingLimit) compact();
}

// The children of one parent share its tree: it is joined once, however many there are.
void Sync::compact() {
  while (pending_ != nullptr) {
    Pending* pending = take_newest_pending();
    remember_orphan(pending->releaser.lane);
    if (joined_ != nullptr && joined_->clock.root() == pending->clock.root()) {
      clock_.join_overrides(pending->clock);
      free_pending(pending);
    } else {
      clock_.join(pending->clock);
      free_pending(joined_);
      joined_ = pending;
    }
  }
  pending_count_ = 0;
}

void Sync::copy(Sync& other) {
  other.compact();
  clear();
  clock_ = other.clock_;
  releaser_ = other.releaser_;
  state_ = other.state_;
  hinted_ = true;  // lanes are handed on by the original only
}

void Sync::add(Sync& other) {
  if (other.empty()) return;
  if (empty()) return copy(other);
  if (state_ == State::kOne && other.state_ == State::kOne && releaser_.lane != kNoLane &&
      releaser_ == other.releaser_)
    return;  // I1: the same knowledge, say of a loop that reads until the value changes
  other.compact();
  append({}, other.clock_);  // what it adds to is no chain of one releaser
}

void Sync::remember_orphan(LaneId lane) {
  if (lane != kNoLane) orphans_.push(lane);
}

void Sync::look_for_orphans(const Clock& clock, LaneId own, LaneList& to) {
  if (state_ == State::kOne) {
    if (releaser_.lane == kNoLane) return;
    hinted_ = lane_table.adoptable(releaser_.lane, clock);
    if (hinted_) to.push(releaser_.lane);
    return;
  }
  LaneList alive;
  for (LaneId lane = orphans_.pop(); lane != kNoLane; lane = orphans_.pop()) {
    if (lane == own) continue;
    if (lane_table.adoptable(lane, clock)) {
      to.push(lane);
    } else if (alive.size() < kLiveOrphanLimit && lane_table.state(lane) == LaneState::kLive) {
      alive.push(lane);
    }
  }
  orphans_ = static_cast<LaneList&&>(alive);
}

}  // namespace fibersan
