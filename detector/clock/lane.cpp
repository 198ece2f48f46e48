// Chain clocks: Agarwal and Garg, "Efficient dependency tracking for relevant events in
// shared-memory systems" (2005). They put an event on any chain whose last event happens
// before it; here a whole fiber goes on one, so that a stamp in a register stays true.
#include "detector/clock/lane.h"

#include <new>

#include "detector/clock/check.h"
#include "detector/clock/slab.h"

namespace fibersan {

// A block of these is one page.
struct alignas(64) LaneTable::Lane {
  std::atomic<std::uint32_t> generation{0};
  std::atomic<LaneState> state{LaneState::kFree};
  std::uint8_t home = 0;
  Epoch cur = 0;
  std::atomic<Epoch> tail{0};
  LaneId older = kNoLane;
  LaneId newer = kNoLane;  // in the free list: the next one
  std::atomic<std::uint64_t> owner{0};
  std::atomic<Epoch> owned_from{0};  // the owner's first epoch
  std::uint32_t retired_in = 0;      // the round of collection
  Epoch told = 0;                    // the tail at the last renew()
  LaneList adoptable;

  [[nodiscard]] bool has_epochs() const { return cur < kEpochLimit; }
  [[nodiscard]] bool dominated_by(const Clock& clock, LaneId self) const {
    // relaxed: written under the home processor's lock; without it this is a hint.
    return clock.at(self) >= tail.load(std::memory_order_relaxed);  // E3
  }
};

namespace {

// Retired lanes that a starting fiber looks at when its creator gave it none.
constexpr unsigned kFewLooks = 4;
// The same, before a lane with stamps left is given away.
constexpr unsigned kManyLooks = 64;

}  // namespace

constinit LaneTable lane_table;
constinit std::atomic<LaneTable::Lane*> LaneTable::blocks_[kBlockLimit] = {};

LaneTable::Lane& LaneTable::lane_at(LaneId lane) const {
  // acquire [A1], pairs with release [R1] in add_block(): the block is constructed.
  Lane* block = blocks_[lane / kBlockLanes].load(std::memory_order_acquire);
  return block[lane % kBlockLanes];
}

LaneTable::Processor& LaneTable::home(const Lane& lane) { return processors_[lane.home]; }

bool LaneTable::add_block(Processor& to) {
  static_assert(sizeof(Lane) == 64);
  const LaneId budget = budget_.load(std::memory_order_relaxed);  // relaxed: a number
  // relaxed: the exchange only hands out distinct numbers.
  LaneId first = bound_.load(std::memory_order_relaxed);
  LaneId end = 0;
  do {
    if (first >= budget) return false;
    end = first + kBlockLanes < budget ? first + kBlockLanes : budget;
  } while (!bound_.compare_exchange_weak(first, end, std::memory_order_relaxed));
  std::atomic<Lane*>& block = blocks_[first / kBlockLanes];
  if (block.load(std::memory_order_relaxed) == nullptr) {  // relaxed: ours alone until [R1]
    auto* lanes = static_cast<Lane*>(map_memory(kBlockLanes * sizeof(Lane)));
    for (unsigned i = 0; i < kBlockLanes; ++i) new (&lanes[i]) Lane();
    block.store(lanes, std::memory_order_release);  // release [R1], pairs with [A1]
  }
  to.unused = first;
  to.unused_end = end;
  // relaxed: see search().
  lists_with_blocks_.fetch_or(std::uint64_t{1} << (&to - processors_), std::memory_order_relaxed);
  return true;
}

void LaneTable::link_newest(Processor& list, LaneId lane) {
  Lane& linked = lane_at(lane);
  linked.older = list.newest;
  linked.newer = kNoLane;
  (list.newest == kNoLane ? list.oldest : lane_at(list.newest).newer) = lane;
  list.newest = lane;
  count_retired(list, 1);
}

void LaneTable::unlink(Processor& list, LaneId lane) {
  Lane& linked = lane_at(lane);
  (linked.older == kNoLane ? list.oldest : lane_at(linked.older).newer) = linked.newer;
  (linked.newer == kNoLane ? list.newest : lane_at(linked.newer).older) = linked.older;
  count_retired(list, -1);
}

void LaneTable::count_retired(Processor& list, int change) {
  // relaxed: under the lock, and a snapshot for those who read it without.
  const std::uint32_t before = list.retired.load(std::memory_order_relaxed);
  list.retired.store(before + static_cast<std::uint32_t>(change), std::memory_order_relaxed);
}

// The first of at most `looks` retired lanes, newest first, that may be taken over.
LaneId LaneTable::dominated(Processor& list, const Clock& clock, unsigned looks) {
  SpinGuard guard(list.lock);
  LaneId lane = list.newest;
  for (; lane != kNoLane && looks != 0; --looks, lane = lane_at(lane).older) {
    Lane& found = lane_at(lane);
    if (!found.dominated_by(clock, lane)) continue;
    unlink(list, lane);
    found.state.store(LaneState::kLive, std::memory_order_relaxed);  // under the lock
    return lane;
  }
  return kNoLane;
}

// A lane that nothing in shadow is stamped with.
LaneId LaneTable::unstamped(Processor& list, bool may_add_block) {
  SpinGuard guard(list.lock);
  LaneId lane = list.free;
  if (lane != kNoLane) {
    list.free = lane_at(lane).newer;
  } else {
    if (list.unused == list.unused_end && !(may_add_block && add_block(list))) return kNoLane;
    lane = list.unused++;
    lane_at(lane).home = static_cast<std::uint8_t>(&list - processors_);
    lanes_created_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  }
  lane_at(lane).state.store(LaneState::kLive, std::memory_order_relaxed);  // under the lock
  return lane;
}

// Gives away a lane whose stamps are still around: races with them are missed, and none
// is invented, because what clocks say about the lane only ever grows.
LaneId LaneTable::drop_oldest(Processor& list) {
  SpinGuard guard(list.lock);
  const LaneId lane = list.oldest;
  if (lane == kNoLane) return kNoLane;
  unlink(list, lane);
  Lane& dropped = lane_at(lane);
  // relaxed: whoever knows an epoch of the new owner got it through a Sync, after this.
  if constexpr (kBrokenRule != 6) dropped.generation.fetch_add(1, std::memory_order_relaxed);
  dropped.state.store(LaneState::kLive, std::memory_order_relaxed);  // under the lock
  dropped.adoptable.clear();
  lanes_reused_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  return lane;
}

// The first lane that `look` finds in a list that ever had one, own list first.
template <typename Look>
LaneId LaneTable::search(unsigned processor, Look look) {
  // relaxed: a list that gets its first block at this moment may be overlooked.
  const std::uint64_t used = lists_with_blocks_.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < kProcessorLists; ++i) {
    const unsigned list = (processor + i) % kProcessorLists;
    if ((used >> list & 1) == 0) continue;
    if (const LaneId lane = look(processors_[list]); lane != kNoLane) return lane;
  }
  return kNoLane;
}

// What others of the program's fibers would miss nothing by.
LaneId LaneTable::find_lossless(const Clock& clock, unsigned processor) {
  Processor& own = processors_[processor % kProcessorLists];
  LaneId lane = dominated(own, clock, kFewLooks);
  if (lane == kNoLane) lane = unstamped(own, true);
  if (lane == kNoLane)
    lane = search(processor, [&](Processor& list) { return unstamped(list, false); });
  if (lane == kNoLane)
    lane = search(processor, [&](Processor& list) { return dominated(list, clock, kManyLooks); });
  return lane;
}

// True when it may have freed lanes.
bool LaneTable::collect_at_last() {
  // relaxed everywhere: which of two threads collects does not matter.
  void (*const collect_lanes)() = last_resort_.load(std::memory_order_relaxed);
  if (collect_lanes == nullptr) return false;
  std::uint64_t retirements = 1;
  for (const Processor& list : processors_)
    retirements += list.retirements.load(std::memory_order_relaxed);
  std::uint64_t last = last_resort_at_.load(std::memory_order_relaxed);
  const std::uint64_t few = budget_.load(std::memory_order_relaxed) / 8;
  if (last != 0 && retirements - last <= few) return false;
  if (!last_resort_at_.compare_exchange_strong(last, retirements, std::memory_order_relaxed))
    return true;
  collect_lanes();
  return true;
}

// In the order of section 4: whatever loses nothing comes first.
LaneId LaneTable::find(const Clock& clock, unsigned processor) {
  LaneId lane = find_lossless(clock, processor);
  if (lane == kNoLane && collect_at_last()) lane = find_lossless(clock, processor);
  if (lane == kNoLane) lane = search(processor, [&](Processor& list) { return drop_oldest(list); });
  return lane;
}

LaneGrant LaneTable::grant(const Clock& clock, unsigned processor, std::uint64_t owner) {
  const LaneId lane = find(clock, processor);
  if (lane != kNoLane) return take(lane, owner);
  fibers_without_lane_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  return {};
}

bool LaneTable::adoptable(LaneId lane, const Clock& clock) const {
  const Lane& wanted = lane_at(lane);
  // relaxed: a hint, see reserve().
  const bool ended = wanted.state.load(std::memory_order_relaxed) == LaneState::kRetired;
  return (ended || kBrokenRule == 5) && wanted.dominated_by(clock, lane);
}

bool LaneTable::reserve(LaneId lane, const Clock& clock) {
  Lane& wanted = lane_at(lane);
  Processor& list = home(wanted);
  SpinGuard guard(list.lock);
  const LaneState state = wanted.state.load(std::memory_order_relaxed);  // under the lock
  if (state != LaneState::kRetired && (kBrokenRule != 5 || state != LaneState::kLive))
    return false;  // E5
  if (!wanted.has_epochs() || !wanted.dominated_by(clock, lane)) return false;
  if (state == LaneState::kRetired) unlink(list, lane);
  wanted.state.store(LaneState::kLive, std::memory_order_relaxed);  // under the lock
  return true;
}

LaneGrant LaneTable::take(LaneId reserved, std::uint64_t owner) {
  Lane& taken = lane_at(reserved);
  const bool ticks = kBrokenRule != 4 || taken.cur == 0;
  if (ticks) ++taken.cur;  // E4
  // relaxed: one owner after the other, each behind the lock of the home processor.
  const std::uint64_t previous = taken.owner.load(std::memory_order_relaxed);
  taken.owner.store(owner, std::memory_order_relaxed);
  taken.owned_from.store(taken.cur, std::memory_order_relaxed);  // relaxed: for reports only
  return {.lane = reserved,
          .generation = generation(reserved),
          .cur = taken.cur,
          .previous_owner = previous,
          .must_tick = ticks,
          .adoptable = static_cast<LaneList&&>(taken.adoptable)};
}

void LaneTable::give_back(LaneId reserved) {
  Lane& lane = lane_at(reserved);
  Processor& list = home(lane);
  SpinGuard guard(list.lock);
  lane.state.store(LaneState::kRetired, std::memory_order_relaxed);  // under the lock
  link_newest(list, reserved);
}

void LaneTable::retire(LaneId lane, Epoch cur, Epoch tail, LaneList&& adoptable) {
  Lane& retired = lane_at(lane);
  Processor& list = home(retired);
  SpinGuard guard(list.lock);
  const bool linked = retired.state.load(std::memory_order_relaxed) == LaneState::kRetired;
  FIBERSAN_CHECK(!linked || kBrokenRule == 5, lane);  // I1
  // relaxed: all under the lock.
  list.retirements.store(list.retirements.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
  retired.retired_in = round_.load(std::memory_order_relaxed);  // I6
  retired.cur = cur;
  // Both under the lock; relaxed for the quick look in adoptable().
  retired.tail.store(tail, std::memory_order_relaxed);
  retired.state.store(LaneState::kRetired, std::memory_order_relaxed);
  retired.adoptable = static_cast<LaneList&&>(adoptable);
  if (!linked && retired.has_epochs()) link_newest(list, lane);  // I2
}

std::uint32_t LaneTable::begin_round() {
  // relaxed: the locks below order it (I6). Who retires a lane under one of them before us
  // has made its stamps visible to us; who comes after us sees the new number.
  const std::uint32_t round = round_.fetch_add(1, std::memory_order_relaxed) + 1;
  for (Processor& list : processors_) SpinGuard guard(list.lock);
  return round;
}

bool LaneTable::collect(LaneId lane, std::uint32_t round) {
  if (!retired(lane)) return false;  // most are not: no lock for them
  Lane& collected = lane_at(lane);
  Processor& list = home(collected);
  SpinGuard guard(list.lock);
  const LaneState state = collected.state.load(std::memory_order_relaxed);  // under the lock
  if (state != LaneState::kRetired || !collected.has_epochs()) return false;
  const bool retired_since = static_cast<std::int32_t>(collected.retired_in - round) >= 0;
  if (retired_since && kBrokenRule != 7) return false;  // I6
  unlink(list, lane);
  // relaxed: as in drop_oldest().
  if constexpr (kBrokenRule != 6) collected.generation.fetch_add(1, std::memory_order_relaxed);
  collected.state.store(LaneState::kFree, std::memory_order_relaxed);  // under the lock
  collected.adoptable.clear();
  collected.newer = list.free;
  list.free = lane;
  return true;
}

std::uint32_t LaneTable::generation(LaneId lane) const {
  // relaxed: as in drop_oldest().
  return lane_at(lane).generation.load(std::memory_order_relaxed);
}

LaneState LaneTable::state(LaneId lane) const {
  return lane_at(lane).state.load(std::memory_order_relaxed);  // relaxed: a snapshot
}

std::uint32_t LaneTable::retired_lanes() const {
  std::uint32_t sum = 0;
  for (const Processor& list : processors_) sum += list.retired.load(std::memory_order_relaxed);
  return sum;
}

void LaneTable::set_last_resort(void (*collect_lanes)()) {
  last_resort_.store(collect_lanes, std::memory_order_relaxed);  // relaxed: before any fiber
}

std::optional<std::uint64_t> LaneTable::owner(LaneId lane, Epoch epoch) const {
  const Lane& owned = lane_at(lane);
  // relaxed: a snapshot. An owner of an older epoch is known no more.
  if (epoch < owned.owned_from.load(std::memory_order_relaxed)) return std::nullopt;
  return owned.owner.load(std::memory_order_relaxed);
}

bool LaneTable::retired(LaneId lane) const {
  // acquire [A1]
  const bool exists = blocks_[lane / kBlockLanes].load(std::memory_order_acquire) != nullptr;
  return exists && state(lane) == LaneState::kRetired;
}

std::uint64_t LaneTable::last_owner(LaneId lane) const {
  return lane_at(lane).owner.load(std::memory_order_relaxed);  // relaxed: a snapshot
}

Epoch LaneTable::renew(LaneId lane) {
  Lane& renewed = lane_at(lane);
  SpinGuard guard(home(renewed).lock);
  // Both relaxed: under the lock, and as in drop_oldest().
  if (renewed.state.load(std::memory_order_relaxed) == LaneState::kLive) return 0;
  const Epoch tail = renewed.tail.load(std::memory_order_relaxed);
  if (tail == renewed.told) return 0;
  renewed.told = tail;
  renewed.generation.fetch_add(1, std::memory_order_relaxed);
  return tail;
}

void LaneTable::set_budget(LaneId lanes) {
  FIBERSAN_CHECK(bound_.load(std::memory_order_relaxed) == 0, lanes);
  budget_.store(lanes < kLaneLimit ? lanes : kLaneLimit, std::memory_order_relaxed);
}

LaneId LaneTable::lane_bound() const { return bound_.load(std::memory_order_relaxed); }

LaneId LaneTable::lanes_created() const {
  return lanes_created_.load(std::memory_order_relaxed);  // relaxed: a snapshot
}

void LaneTable::count_exhausted_epoch() {
  epochs_exhausted_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
}

Forgotten LaneTable::forgotten() const {
  return {.lanes_reused = lanes_reused_.load(std::memory_order_relaxed),
          .fibers_without_lane = fibers_without_lane_.load(std::memory_order_relaxed),
          .epochs_exhausted = epochs_exhausted_.load(std::memory_order_relaxed)};
}

void LaneTable::reset() {
  for (LaneId lane = 0, end = lane_bound(); lane < end; ++lane) {
    lane_at(lane).~Lane();
    new (&lane_at(lane)) Lane();
  }
  for (Processor& list : processors_) {
    SpinGuard guard(list.lock);
    list.oldest = list.newest = list.free = kNoLane;
    list.retired.store(0, std::memory_order_relaxed);
    list.retirements.store(0, std::memory_order_relaxed);
    list.unused = list.unused_end = 0;
  }
  lists_with_blocks_.store(0, std::memory_order_relaxed);
  last_resort_.store(nullptr, std::memory_order_relaxed);
  last_resort_at_.store(0, std::memory_order_relaxed);
  bound_.store(0, std::memory_order_relaxed);
  lanes_created_.store(0, std::memory_order_relaxed);
  budget_.store(kLaneLimit, std::memory_order_relaxed);
  lanes_reused_.store(0, std::memory_order_relaxed);
  fibers_without_lane_.store(0, std::memory_order_relaxed);
  epochs_exhausted_.store(0, std::memory_order_relaxed);
}

}  // namespace fibersan
