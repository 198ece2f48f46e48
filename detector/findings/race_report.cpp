// race_report.cpp: from a RaceFound to a Report: finds the other stack, drops duplicates,
// describes who and where.
//
// Cost:     a pair seen before at the same cell and epoch: a frame walk and one load.
//           Otherwise a search of the history, and for a new pair symbolization.
#include <algorithm>
#include <atomic>
#include <string>

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
// it races; an epoch leaves at most one record for each kind and cell, so the same key is
// the same pair of accesses.
class RecentRaces {
 public:
  bool seen(uint64_t key) {
    // relaxed: losing an update only costs a second look.
    std::atomic<uint64_t>& slot = keys_[key % kSlots];
    if (slot.load(std::memory_order_relaxed) == key) return true;
    slot.store(key, std::memory_order_relaxed);
    return false;
  }

 private:
  static constexpr size_t kSlots = 4096;
  std::atomic<uint64_t> keys_[kSlots] = {};
};

constinit RecentRaces recent_races;

// The bytes of the cell that both accesses touch. The stamp alone may cover more: accesses of one
// segment to several parts of a cell share it, and the search must not find another part's.
struct Bytes {
  uintptr_t address;
  uint64_t size;
};

Bytes contested_bytes(uintptr_t cell, Stamp stamp, const CurrentAccess& current) {
  const uintptr_t begin = current.address > cell ? current.address - cell : 0;
  const uintptr_t end = current.address + current.size - cell;
  unsigned mask = stamp_mask(stamp);
  if (end < 8) mask &= (1u << end) - 1;
  if (begin < 8) mask &= 0xffu << begin;
  if (mask == 0) return {cell, 8};
  auto low = static_cast<unsigned>(__builtin_ctz(mask));
  auto high = 32 - static_cast<unsigned>(__builtin_clz(mask));
  return {cell + low, high - low};
}

constexpr uint64_t kMainFiberId = 1;
constexpr size_t kMostFibers = 12;  // described in one report

// Ranges of this size or more may be recorded in pieces, all but the last at least half of it.
constexpr uint64_t kInPieces = 1024;

bool is_of_fiber(const ReportLocation& location) {
  return location.kind == ReportLocation::Kind::kHeapBlock ||
         location.kind == ReportLocation::Kind::kStack;
}

std::string lost_stack() {
  return "stack no longer in history (history_size=" + std::to_string(options.history_size) + ")";
}

class RaceReporter {
 public:
  explicit RaceReporter(const RaceFound& race)
      : race_(race),
        bytes_(contested_bytes(race.cell, race.previous, race.current)),
        stack_(walk_frames(race.current.frame, race.current.pc, race.current.fiber->stack)) {}

  void report() {
    uint64_t own = hash_of(stack_);
    if (recent_races.seen(mix(mix(own, race_.previous & ~kStampMaskBits), race_.cell))) {
      count_occurrence();
      return;
    }
    block_ = heap_blocks.find(race_.current.address);
    past_ =
        find_access(stamp_lane(race_.previous), stamp_epoch(race_.previous), bytes_.address,
                    bytes_.size, !stamp_is_read(race_.previous), stamp_is_atomic(race_.previous));
    FindingScope scope;
    uint64_t other = past_ ? hash_of(past_->stack) : 0;
    if (!scope.is_new(hash_of_pair(own, other))) return;
    Report report;
    build(scope, report);
    scope.publish(kind_, report);
  }

 private:
  void build(FindingScope& scope, Report& report) {
    const CurrentAccess& current = race_.current;
    ObjectInfo object;
    bool on_object = find_object(reinterpret_cast<const void*>(current.address), object);
    if (current.is_operation || on_object) {
      report.object = describe_object(scope, reinterpret_cast<const void*>(current.address),
                                      FSAN_OBJECT_CHANNEL);
    }
    previous_is_free_ = previous_was_free();
    kind_ = kind_of_race(on_object && object.kind == FSAN_OBJECT_WAITGROUP, report);
    report.accesses.push_back(current_access(scope, report));
    report.accesses.push_back(previous_access(scope, report));
    if (!report.object) report.location = describe_location(scope, race_.current, block_);
    report.summary = summary_frame(report.accesses[0].stack.frames);
    add_fibers(scope, report);
    report.notes.push_back(
        why_unordered(scope, previous_fiber(), stamp_epoch(race_.previous), *current.fiber));
  }

  fsan_finding_kind kind_of_race(bool on_wait_group, const Report& report) const {
    const CurrentAccess& current = race_.current;
    if (current.is_free || previous_is_free_) return FSAN_FINDING_USE_AFTER_FREE_RACE;
    if (on_wait_group) return FSAN_FINDING_WAITGROUP_MISUSE;
    if (current.is_vptr) return FSAN_FINDING_VPTR_RACE;
    // Operations on the runtime's objects use atomic stamps for reasons of their own.
    const bool both_are_accesses = !report.object;
    if (both_are_accesses && current.atomic != stamp_is_atomic(race_.previous))
      return FSAN_FINDING_ATOMIC_RACE;
    return FSAN_FINDING_DATA_RACE;
  }

  ReportAccess current_access(FindingScope& scope, Report& report) {
    const CurrentAccess& current = race_.current;
    ReportAccess access;
    access.kind = report.object     ? ReportAccess::Kind::kOperation
                  : current.is_free ? ReportAccess::Kind::kFree
                  : current.write   ? ReportAccess::Kind::kWrite
                                    : ReportAccess::Kind::kRead;
    access.atomic = current.atomic && !report.object;
    access.address = current.address;
    access.size = current.size;
    access.fiber = fiber_name(current.fiber->info->id);
    access.mutexes = describe_held(scope, current.fiber->named_locks(), report.mutexes);
    access.stack = make_trace(scope.symbolizer(), stack_);
    if (report.object) operation_ = true;
    return access;
  }

  ReportAccess previous_access(FindingScope& scope, Report& report) {
    ReportAccess access;
    bool write = !stamp_is_read(race_.previous);
    access.kind = operation_          ? ReportAccess::Kind::kOperation
                  : previous_is_free_ ? ReportAccess::Kind::kFree
                  : write             ? ReportAccess::Kind::kWrite
                                      : ReportAccess::Kind::kRead;
    access.atomic = stamp_is_atomic(race_.previous) && !operation_;
    access.address = bytes_.address;
    access.size = bytes_.size;
    access.fiber = fiber_name(previous_fiber());
    if (past_) {
      access.address = past_->access.address;
      access.size = past_->access.size;
      access.mutexes = describe_held(scope, past_->held.all(), report.mutexes);
      access.stack = make_trace(scope.symbolizer(), past_->stack);
    }
    if (!past_ || past_->stack.empty()) access.stack.lost_why = lost_stack();
    return access;
  }

  // A free is a plain write of the whole block, which is then known as freed.
  bool previous_was_free() const {
    if (stamp_is_read(race_.previous) || stamp_is_atomic(race_.previous)) return false;
    if (!block_ || !block_->freed || race_.current.is_free) return false;
    if (!past_) return true;
    const RecordedAccess& access = past_->access;
    if (access.size == block_->size) return access.address == block_->address;
    // The history keeps a large range in pieces.
    return block_->size >= kInPieces &&
           (access.size >= kInPieces / 2 ||
            access.address + access.size == block_->address + block_->size);
  }

  uint64_t previous_fiber() const {
    if (past_) return past_->fiber_id;
    return lane_table.owner(stamp_lane(race_.previous), stamp_epoch(race_.previous))
        .value_or(kNoFiberId);
  }

  void add_fibers(FindingScope& scope, Report& report) {
    std::vector<uint64_t> ids = {race_.current.fiber->info->id, previous_fiber()};
    if (report.location && is_of_fiber(*report.location)) {
      ids.push_back(id_of(report.location->fiber));
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
          id_of(*fiber->creator) != kMainFiberId)
        ids.push_back(id_of(*fiber->creator));
      report.fibers.push_back(std::move(*fiber));
    }
  }

  const RaceFound& race_;
  Bytes bytes_;
  std::optional<HeapBlock> block_;
  Stack stack_;
  std::optional<PastAccess> past_;
  fsan_finding_kind kind_ = FSAN_FINDING_DATA_RACE;
  bool operation_ = false;
  bool previous_is_free_ = false;
};

}  // namespace

void report_race(const RaceFound& race) {
  if (!may_report()) return;
  InsideDetector inside;
  RaceReporter(race).report();
}

}  // namespace fibersan
