// race_report.cpp: from races to Reports: finds the other stacks, drops duplicates, describes who
// and where.
//
// Cost:     a frame walk, and one load for a pair seen before at the same cell and epoch. For the
//           others of an access one search of the history, and symbolization for each new pair.
#include <algorithm>
#include <atomic>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/findings/location.h"
#include "detector/findings/unordered.h"
#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/objects.h"
#include "detector/race/race_found.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

uint64_t hash_of(const Stack& stack) {
  uint64_t hash = stack.count;
  for (uint32_t i = 0; i < stack.count; ++i) hash = mix(hash, stack.pcs[i]);
  return hash;
}

uint64_t hash_of_pair(uint64_t a, uint64_t b) {
  return a < b ? mix(mix(1, a), b) : mix(mix(1, b), a);
}

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

constexpr size_t kMostFibers = 12;  // described in one report

// The free itself: a use in the same epoch may have been found in its place.
SearchedAccess search_free(const SearchedAccess& past, const HeapBlock& block) {
  const std::optional<PastAccess> free =
      find_whole_write(block.free->lane, block.free->epoch, block.address, block.size);
  SearchedAccess result = past;
  result.found = free.has_value();
  if (free) {
    result.access = free->access;
    result.access.size = block.size;  // which may be recorded in pieces
    result.segment.fiber_id = free->fiber_id;
    result.segment.held = free->held;
  }
  result.pattern.address = block.address;
  result.pattern.size = block.size;
  return result;
}

// Created by a thread, which called run().
bool is_main_fiber(uint64_t id) {
  const std::optional<KnownFiber> fiber = find_fiber(id);
  return fiber && (fiber->creator_id == kMainThreadId || is_thread_id(fiber->creator_id));
}

bool is_of_fiber(const ReportLocation& location) {
  return location.kind == ReportLocation::Kind::kHeapBlock ||
         location.kind == ReportLocation::Kind::kStack;
}

// What is the same for all races of one access.
struct Second {
  explicit Second(const CurrentAccess& access)
      : current(access),
        stack(walk_frames(access.frame, access.pc, access.fiber->stack)),
        hash(hash_of(stack)) {}

  const CurrentAccess& current;
  Stack stack;
  uint64_t hash;
  // Looked up before anything is allocated.
  std::optional<HeapBlock> block = heap_blocks.find(current.address);
};

class RaceReporter {
 public:
  // `past`: the first access of the race, found in the history or not.
  RaceReporter(const Second& second, const SearchedAccess& past)
      : second_(second), current_(second.current), past_(past), block_(second.block) {}

  void report(FindingScope& scope) {
    Report report;
    build(scope, report);
    scope.publish(kind_, report);
  }

 private:
  void build(FindingScope& scope, Report& report) {
    const CurrentAccess& current = current_;
    ObjectInfo object;
    bool on_object = find_object(reinterpret_cast<const void*>(current.address), object);
    // Only a wait() is stamped as atomic. One that was constant-initialised is not known.
    const bool awaited = current.is_operation && (current.atomic || past_.pattern.atomic);
    const bool on_wait_group = awaited || (on_object && object.kind == FSAN_OBJECT_WAITGROUP);
    if (current.is_operation || on_object) {
      report.object = describe_object(scope, reinterpret_cast<const void*>(current.address),
                                      on_wait_group ? FSAN_OBJECT_WAITGROUP : FSAN_OBJECT_CHANNEL);
    }
    previous_is_free_ = previous_was_free();
    if (previous_is_free_) past_ = search_free(past_, *block_);
    kind_ = kind_of_race(on_wait_group, report);
    report.accesses.push_back(current_access(scope, report));
    report.accesses.push_back(previous_access(scope, report));
    if (!report.object) report.location = describe_location(scope, current_, told_block());
    report.summary = summary_frame(report.accesses[0].stack.frames);
    add_fibers(scope, report);
    report.notes.push_back(
        why_unordered(scope, previous_fiber(), past_.pattern.epoch, *current.fiber));
  }

  fsan_finding_kind kind_of_race(bool on_wait_group, const Report& report) const {
    const CurrentAccess& current = current_;
    if (current.is_free || previous_is_free_) return FSAN_FINDING_USE_AFTER_FREE_RACE;
    // The earlier wait() has found a round to wait for (see WaitGroup::wait()).
    if (on_wait_group && past_.pattern.atomic && past_.pattern.size == 2)
      return FSAN_FINDING_WAITGROUP_REUSED;
    if (on_wait_group) return FSAN_FINDING_WAITGROUP_MISUSE;
    if (current.is_vptr) return FSAN_FINDING_VPTR_RACE;
    // Operations on the runtime's objects use atomic stamps for reasons of their own.
    const bool both_are_accesses = !report.object;
    if (both_are_accesses && current.atomic != past_.pattern.atomic)
      return FSAN_FINDING_ATOMIC_RACE;
    return FSAN_FINDING_DATA_RACE;
  }

  ReportAccess current_access(FindingScope& scope, Report& report) {
    const CurrentAccess& current = current_;
    ReportAccess access;
    access.kind = report.object     ? ReportAccess::Kind::kOperation
                  : current.is_free ? ReportAccess::Kind::kFree
                  : current.write   ? ReportAccess::Kind::kWrite
                                    : ReportAccess::Kind::kRead;
    access.atomic = current.atomic && !report.object;
    access.address = current.address;
    access.size = current.size;
    access.fiber = fiber_name(current.fiber->info->id);
    access.mutexes = describe_held(scope, current.fiber->held_locks.all(), report.mutexes);
    access.stack = make_trace(scope.symbolizer(), second_.stack);
    if (report.object) operation_ = true;
    return access;
  }

  ReportAccess previous_access(FindingScope& scope, Report& report) {
    ReportAccess access;
    bool write = past_.pattern.write;
    access.kind = operation_          ? ReportAccess::Kind::kOperation
                  : previous_is_free_ ? ReportAccess::Kind::kFree
                  : write             ? ReportAccess::Kind::kWrite
                                      : ReportAccess::Kind::kRead;
    access.atomic = past_.pattern.atomic && !operation_;
    access.address = past_.pattern.address;
    access.size = past_.pattern.size;
    access.fiber = fiber_name(previous_fiber());
    Stack stack;
    if (past_.found) {
      access.address = past_.access.address;
      access.size = past_.access.size;
      access.mutexes = describe_held(scope, past_.segment.held.all(), report.mutexes);
      stack = stack_of(past_.access.context);
      access.stack = make_trace(scope.symbolizer(), stack);
    }
    if (stack.empty()) access.stack.lost_why = no_longer_in_history();
    return access;
  }

  // A free is a write: what the fiber wrote in the same epoch before it is part of the same stamp,
  // and of the two the free is what matters.
  bool previous_was_free() const {
    if (!past_.pattern.write || past_.pattern.atomic || current_.is_free) return false;
    return block_ && block_->free && block_->free->has_stamp &&
           block_->free->lane == past_.pattern.lane && block_->free->epoch == past_.pattern.epoch;
  }

  // A free that is one of the accesses is not told again with the block.
  std::optional<HeapBlock> told_block() const {
    std::optional<HeapBlock> told = block_;
    if (told && (current_.is_free || previous_is_free_)) {
      told->freed = false;
      told->free.reset();
    }
    return told;
  }

  uint64_t previous_fiber() const {
    if (past_.found) return past_.segment.fiber_id;
    return lane_table.owner(past_.pattern.lane, past_.pattern.epoch).value_or(kNoFiberId);
  }

  void add_fibers(FindingScope& scope, Report& report) {
    std::vector<uint64_t> ids = {current_.fiber->info->id, previous_fiber()};
    if (report.location && is_of_fiber(*report.location)) {
      ids.push_back(id_of(report.location->fiber));
      if (report.location->free) ids.push_back(id_of(report.location->free->fiber));
    }
    // Then who created them, up to the main fiber.
    for (size_t i = 0; i < ids.size(); ++i) {
      if (std::find(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(i), ids[i]) !=
          ids.begin() + static_cast<ptrdiff_t>(i))
        continue;
      std::optional<ReportFiber> fiber = describe_fiber(scope, ids[i]);
      if (!fiber) continue;
      if (report.fibers.size() == kMostFibers) {
        report.notes.push_back("further creators are not shown");
        break;
      }
      if (fiber->creator && fiber->creator->kind != FiberName::Kind::kMainThread &&
          !is_main_fiber(id_of(*fiber->creator)))
        ids.push_back(id_of(*fiber->creator));
      report.fibers.push_back(std::move(*fiber));
    }
  }

  const Second& second_;
  const CurrentAccess& current_;
  SearchedAccess past_;
  const std::optional<HeapBlock>& block_;
  fsan_finding_kind kind_ = FSAN_FINDING_DATA_RACE;
  bool operation_ = false;
  bool previous_is_free_ = false;
};

// What one access raced with.
class Pasts {
 public:
  // All that was not looked at lately.
  Pasts(const Second& second, const Races& races) {
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
  static uint64_t key_of(const Second& second, const Race& race, const Bytes& bytes) {
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
bool all_seen_lately(const Second& second, const Races& races) {
  if (races.size() <= RecentRaces::kSlots / 64) return false;
  uint64_t sum = 0;
  for (const Race& race : races) sum += mix(mix(2, race.stamp & ~kStampMaskBits), race.cell);
  const uint64_t key = mix(mix(second.hash, sum), races.size());
  if (!recent_races.seen(mix(mix(key, second.current.address), second.current.size))) return false;
  count_occurrences(races.size());
  return true;
}

// The stacks of many accesses are few.
class StackHashes {
 public:
  uint64_t of(const SearchedAccess& past) {
    if (!past.found) return 0;
    const auto [known, is_new] = hashes_.try_emplace(past.access.context);
    if (is_new) known->second = hash_of(stack_of(past.access.context));
    return known->second;
  }

 private:
  std::unordered_map<uint64_t, uint64_t> hashes_;
};

}  // namespace

void report_races(const CurrentAccess& current, const Races& races) {
  if (!may_report()) return;
  InsideDetector inside;
  const Second second(current);
  if (all_seen_lately(second, races)) return;
  Pasts found(second, races);
  std::vector<SearchedAccess>& pasts = found.all();
  sort_for_the_reader(pasts);
  StackHashes hashes;
  std::unordered_set<uint64_t> pairs;
  for (const SearchedAccess& past : pasts) {
    const uint64_t pair = hash_of_pair(second.hash, hashes.of(past));
    if (!pairs.insert(pair).second) {
      count_occurrences(1);
      continue;
    }
    FindingScope scope;
    if (scope.is_new(pair)) RaceReporter(second, past).report(scope);
  }
}

}  // namespace fibersan
