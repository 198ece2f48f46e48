#include "detector/shadow/stamp_set.h"

#include "detector/clock/lane.h"
#include "detector/shadow/record_memory.h"

namespace fibersan {
namespace {

constexpr unsigned kFirstLog2 = 5;
constexpr unsigned kLastLog2 = 28;

bool is_hole(Stamp stamp) { return (stamp & kStampMaskBits) == 0; }

// Lanes of one processor are neighbours; so are their homes, block by block.
uint32_t hash_of(LaneId lane) { return lane * 0x9e3779b1u; }

void put_new(Stamp* stamps, uint32_t mask, uint32_t at, Stamp stamp) {
  while (stamps[at] != 0) at = (at + 1) & mask;
  stamps[at] = stamp;
}

size_t bytes_of(unsigned log2_capacity) { return sizeof(Stamp) << log2_capacity; }

}  // namespace

uint32_t StampSet::home(Stamp stamp) const {
  return hash_of(stamp_lane(stamp)) >> (32 - log2_capacity);
}

bool StampSet::insert(Stamp stamp, const FiberClock& clock, uint64_t& forgotten) {
  if (stamps == nullptr && !make_room(stamp, clock, forgotten)) return false;
  const uint32_t mask = capacity() - 1;
  Stamp* place = nullptr;
  uint32_t at = home(stamp);
  for (; stamps[at] != 0; at = (at + 1) & mask) {
    Stamp& entry = stamps[at];
    if (is_hole(entry)) {
      if (place == nullptr) place = &entry;
      continue;
    }
    if (!same_lane(entry, stamp)) continue;
    if (same_segment(entry, stamp)) {
      if (mask_is_superset(entry, stamp)) return true;
      entry |= stamp & kStampMaskBits;
      bytes |= stamp_mask(stamp);
      drop_outdone_by(entry);
      return false;
    }
    // C2: the lane is a chain. What comes from slots does not come in its order.
    if (!mask_is_superset(stamp, entry) || stamp_epoch(entry) > stamp_epoch(stamp)) continue;
    entry &= ~kStampMaskBits;
    --live;
    if (place == nullptr) place = &entry;
  }
  if (place == nullptr) {
    if (!has_room() && make_room(stamp, clock, forgotten)) return insert(stamp, clock, forgotten);
    place = &stamps[at];
    ++used;
  }
  *place = stamp;
  ++live;
  bytes |= stamp_mask(stamp);
  return false;
}

bool StampSet::holds(Stamp stamp) const {
  if (stamps == nullptr) return false;
  const uint32_t mask = capacity() - 1;
  for (uint32_t at = home(stamp); stamps[at] != 0; at = (at + 1) & mask) {
    if (same_segment(stamps[at], stamp)) return mask_is_superset(stamps[at], stamp);
  }
  return false;
}

// The lane's earlier entries whose bytes it has now (C2).
void StampSet::drop_outdone_by(const Stamp& merged) {
  const uint32_t mask = capacity() - 1;
  for (uint32_t at = home(merged); stamps[at] != 0; at = (at + 1) & mask) {
    Stamp& entry = stamps[at];
    if (&entry == &merged || is_hole(entry) || !outdoes_on_lane(merged, entry)) continue;
    entry &= ~kStampMaskBits;
    --live;
  }
}

// S1, S2. False: there is no memory for a first stamp.
bool StampSet::make_room(Stamp access, const FiberClock& clock, uint64_t& forgotten) {
  for (uint32_t i = 0; i < capacity(); ++i) {
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without stamps the capacity is 0.
    Stamp& entry = stamps[i];
    if (entry == 0 || is_hole(entry) || !replaces(access, entry, clock)) continue;
    entry &= ~kStampMaskBits;
    --live;
  }
  remove_holes();
  if (live < capacity() / 2 || grow()) return true;
  if (stamps == nullptr) {
    ++forgotten;
    return false;
  }
  const uint64_t of_ended = forget(false);
  forgotten += of_ended;
  if (of_ended < capacity() / 8) forgotten += forget(true);
  return true;
}

bool StampSet::grow() {
  const uint32_t old_capacity = stamps == nullptr ? 0 : capacity();
  const unsigned old_log2 = log2_capacity;
  const unsigned log2 = stamps == nullptr ? kFirstLog2 : old_log2 + 1;
  Stamp* const fresh =
      log2 > kLastLog2 ? nullptr : static_cast<Stamp*>(allocate_record_memory(bytes_of(log2)));
  if (fresh == nullptr) return false;
  Stamp* const old = stamps;
  log2_capacity = static_cast<uint8_t>(log2);
  stamps = fresh;
  for (uint32_t i = 0; i < old_capacity; ++i)
    if (old[i] != 0) put_new(fresh, capacity() - 1, home(old[i]), old[i]);
  if (old != nullptr) free_record_memory(old, bytes_of(old_log2));
  return true;
}

// Entries behind it that are found only past it move up.
void StampSet::remove_at(uint32_t hole) {
  const uint32_t mask = capacity() - 1;
  stamps[hole] = 0;
  --used;
  for (uint32_t at = (hole + 1) & mask; stamps[at] != 0; at = (at + 1) & mask) {
    if (((at - home(stamps[at])) & mask) < ((at - hole) & mask)) continue;
    stamps[hole] = stamps[at];
    stamps[at] = 0;
    hole = at;
  }
}

void StampSet::remove_holes() {
  bytes = 0;
  for (uint32_t i = 0; i < capacity(); ++i) {
    while (stamps[i] != 0 && is_hole(stamps[i])) remove_at(i);
    bytes |= stamp_mask(stamps[i]);
  }
}

// S2: up to a quarter.
uint64_t StampSet::forget(bool also_of_live) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < capacity() && count < capacity() / 4; ++i) {
    if (stamps[i] == 0) continue;
    if (!also_of_live && lane_table.state(stamp_lane(stamps[i])) != LaneState::kRetired) continue;
    stamps[i] &= ~kStampMaskBits;
    --live;
    ++count;
  }
  remove_holes();
  return count;
}

void StampSet::find_races(Stamp access, const FiberClock& clock, Races& races) const {
  if ((bytes & access) == 0) return;  // S3
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (stamps[i] != 0 && races_with(stamps[i], access, clock)) races.add(stamps[i]);
  }
}

void StampSet::outdo(Stamp access, const FiberClock& clock, Races& races) {
  if ((bytes & access) == 0) return;
  uint8_t left = 0;
  for (uint32_t i = 0; i < capacity(); ++i) {
    Stamp& entry = stamps[i];
    if (entry == 0) continue;
    if (masks_overlap(entry, access)) {
      if (!clock.covers(entry)) {
        if (kinds_conflict(entry, access)) races.add(entry);
      } else if ((access & ~entry & kStampKindField) == 0) {
        entry &= ~(access & kStampMaskBits);
        if (is_hole(entry)) --live;
      }
    }
    left |= stamp_mask(entry);
  }
  bytes = left;
  if (live == 0) clear();
}

void StampSet::visit(void (*visitor)(Stamp, void*), void* data) const {
  for (uint32_t i = 0; i < capacity(); ++i) {
    if (stamps[i] != 0 && !is_hole(stamps[i])) visitor(stamps[i], data);
  }
}

void StampSet::clear() {
  if (stamps != nullptr) free_record_memory(stamps, bytes_of(log2_capacity));
  *this = {};
}

}  // namespace fibersan
