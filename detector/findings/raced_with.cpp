#include "detector/findings/raced_with.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <unordered_set>

#include "detector/findings/findings.h"

namespace fibersan {
namespace {

// Races that were looked at lately. A loop that races in each turn comes here as often as
// it races. An epoch leaves one stamp for each kind and cell, but may have written the cell's parts
// in several places: the same stamp and bytes are the same pair of accesses.
class RecentRaces {
 public:
  bool seen(uint64_t key) {
    // relaxed: losing an update only costs a second look.
    std::atomic<uint64_t>& slot = keys_[key % kSlots];
    if (slot.load(std::memory_order_relaxed) == key) return true;
    slot.store(key, std::memory_order_relaxed);
    return false;
  }

  static constexpr size_t kSlots = 65536;

 private:
  std::atomic<uint64_t> keys_[kSlots] = {};
};

constinit RecentRaces recent_races;

// The bytes of the cells that both accesses touch. The stamp alone may cover more: accesses of one
// segment to several parts of a cell share it, and the search must not find another part's.
struct Bytes {
  uintptr_t address;
  uint64_t size;
};

Bytes contested_bytes(const Race& race, const CurrentAccess& current) {
  const uintptr_t cell = race.cell;
  if (race.cells > 1) {
    const uintptr_t first = std::max(cell, current.address);
    return {first,
            std::min(cell + race.cells * uint64_t{8}, current.address + current.size) - first};
  }
  const uintptr_t begin = current.address > cell ? current.address - cell : 0;
  const uintptr_t end = current.address + current.size - cell;
  unsigned mask = stamp_mask(race.stamp);
  if (end < 8) mask &= (1u << end) - 1;
  if (begin < 8) mask &= 0xffu << begin;
  if (mask == 0) return {cell, 8};
  auto low = static_cast<unsigned>(__builtin_ctz(mask));
  auto high = 32 - static_cast<unsigned>(__builtin_clz(mask));
  return {cell + low, high - low};
}

// What one access raced with.
class Pasts {
 public:
  // All that was not looked at lately.
  Pasts(const SecondAccess& second, const Races& races) {
    uint64_t words = 0;
    for (const Race& race : races) {
      const Bytes bytes = contested_bytes(race, second.current);
      if (recent_races.seen(key_of(second, race, bytes))) {
        count_occurrences(1);
        continue;
      }
      SearchedAccess one;
      one.pattern = {
          stamp_lane(race.stamp),     stamp_epoch(race.stamp),    bytes.address, bytes.size,
          !stamp_is_read(race.stamp), stamp_is_atomic(race.stamp)};
      one.cells_left = race.cells;
      if (race.cells > 1) words += words_of(one);
      found_.push_back(one);
    }
    unexplained_.resize(words, ~uint64_t{0});
    uint64_t* next = unexplained_.data();
    for (SearchedAccess& one : found_) {
      if (one.cells_left == 1) continue;
      one.unexplained = next;
      next += words_of(one);
    }
    std::sort(found_.begin(), found_.end(), [](const SearchedAccess& a, const SearchedAccess& b) {
      return is_before(a.pattern, b.pattern);
    });
    find_accesses(found_, also_found, this);
    for (size_t i = 0, end = found_.size(); i < end; ++i) {
      if (found_[i].cells_left == 1 && found_[i].unexplained == nullptr) add_other_parts(found_[i]);
    }
    found_.insert(found_.end(), also_.begin(), also_.end());
  }

  std::vector<SearchedAccess>& all() { return found_; }

 private:
  static uint64_t key_of(const SecondAccess& second, const Race& race, const Bytes& bytes) {
    const uint64_t key = mix(mix(second.hash, race.stamp & ~kStampMaskBits), bytes.address);
    return mix(key, bytes.size);
  }

  static uint64_t words_of(const SearchedAccess& one) { return one.cells_left / 64 + 1; }

  // What wrote the bytes of the cell in front of the access that was found, and behind it.
  void add_other_parts(const SearchedAccess& one) {
    if (!one.found) return;
    const uintptr_t begin = one.pattern.address, end = begin + one.pattern.size;
    const uintptr_t found_end = one.access.address + one.access.size;
    if (begin < one.access.address) add_part(one, begin, one.access.address);
    if (found_end < end) add_part(one, found_end, end);
  }

  void add_part(const SearchedAccess& whole, uintptr_t begin, uintptr_t end) {
    SearchedAccess part;
    part.pattern = whole.pattern;
    part.pattern.address = begin;
    part.pattern.size = end - begin;
    part.cells_left = 1;
    find_accesses({&part, 1}, also_found, this);
    add_other_parts(part);
    if (part.found && part.access.context != whole.access.context) also_.push_back(part);
  }

  // Pieces of one access, and the same place again, are told once.
  static void also_found(const SearchedAccess& one, const Segment& segment,
                         const RecordedAccess& access, void* data) {
    Pasts& pasts = *static_cast<Pasts*>(data);
    if (access.context == one.access.context) return;
    const uint64_t key = mix(mix(access.context, segment.lane), segment.epoch);
    if (!pasts.also_known_.insert(key).second) return;
    SearchedAccess& also = pasts.also_.emplace_back(one);
    also.access = access;
    also.segment = segment;
  }

  std::vector<SearchedAccess> found_;
  std::vector<SearchedAccess> also_;
  std::unordered_set<uint64_t> also_known_;
  std::vector<uint64_t> unexplained_;
};

// In the order of places and fibers, which is that of the program and not that of lanes.
void sort_for_the_reader(std::vector<SearchedAccess>& pasts) {
  const auto key = [](const SearchedAccess& past) {
    return std::tuple(past.pattern.address, past.found ? past.segment.fiber_id : kNoFiberId,
                      past.pattern.lane, past.pattern.epoch);
  };
  std::sort(pasts.begin(), pasts.end(),
            [&](const SearchedAccess& a, const SearchedAccess& b) { return key(a) < key(b); });
}

// More pairs of one access than recent_races keeps apart are known by all of them together.
bool all_seen_lately(const SecondAccess& second, const Races& races) {
  if (races.size() <= RecentRaces::kSlots / 64) return false;
  uint64_t sum = 0;
  for (const Race& race : races) sum += mix(mix(2, race.stamp & ~kStampMaskBits), race.cell);
  const uint64_t key = mix(mix(second.hash, sum), races.size());
  if (!recent_races.seen(mix(mix(key, second.current.address), second.current.size))) return false;
  count_occurrences(races.size());
  return true;
}

}  // namespace

uint64_t hash_of(const Stack& stack) {
  uint64_t hash = stack.count;
  for (uint32_t i = 0; i < stack.count; ++i) hash = mix(hash, stack.pcs[i]);
  return hash;
}

SecondAccess::SecondAccess(const CurrentAccess& access)
    : current(access),
      stack(walk_frames(access.frame, access.pc, access.fiber->stack)),
      hash(hash_of(stack)) {}

std::vector<SearchedAccess> raced_with(const SecondAccess& second, const Races& races) {
  if (all_seen_lately(second, races)) return {};
  Pasts found(second, races);
  sort_for_the_reader(found.all());
  return std::move(found.all());
}

}  // namespace fibersan
