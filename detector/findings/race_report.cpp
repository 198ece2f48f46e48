// race_report.cpp: from races to Reports: drops duplicates, describes who and where.
//
// Cost:     a frame walk, that of raced_with.h, and symbolization for each new pair.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/findings/location.h"
#include "detector/findings/raced_with.h"
#include "detector/findings/unordered.h"
#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/objects.h"
#include "detector/race/race_found.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

uint64_t hash_of_pair(uint64_t a, uint64_t b) {
  return a < b ? mix(mix(1, a), b) : mix(mix(1, b), a);
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

class RaceReporter {
 public:
  // `past`: the first access of the race, found in the history or not.
  RaceReporter(const SecondAccess& second, const SearchedAccess& past)
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

  const SecondAccess& second_;
  const CurrentAccess& current_;
  SearchedAccess past_;
  const std::optional<HeapBlock>& block_;
  fsan_finding_kind kind_ = FSAN_FINDING_DATA_RACE;
  bool operation_ = false;
  bool previous_is_free_ = false;
};

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
  const SecondAccess second(current);
  const std::vector<SearchedAccess> pasts = raced_with(second, races);
  if (pasts.empty()) return;
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
