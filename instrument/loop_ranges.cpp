#include "instrument/loop_ranges.h"

#include <algorithm>
#include <optional>

#include "instrument/check_emitter.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"

namespace fibersan::instrument {
namespace {

using llvm::SCEV;
using llvm::SCEVAddRecExpr;
using llvm::SCEVConstant;

constexpr size_t kMostGroups = 64;
constexpr size_t kMostGrouped = 64;

// A check in an iteration: `size` bytes, `offset` behind the start of the first of its group.
struct Part {
  size_t check;
  int64_t offset;
  int64_t size;
};

// Checks whose addresses advance alike, at constant distances.
struct Group {
  const SCEVAddRecExpr* start;
  AccessKind kind;
  std::vector<Part> parts;
};

// Bytes [begin, end) of the group in each iteration.
struct Extent {
  int64_t begin;
  int64_t end;
  std::vector<size_t> checks;
};

std::optional<int64_t> constant(const SCEV* value) {
  auto* known = llvm::dyn_cast<SCEVConstant>(value);
  if (known == nullptr || known->getAPInt().getSignificantBits() > 32) return std::nullopt;
  return known->getAPInt().getSExtValue();
}

class RangeSearch {
 public:
  RangeSearch(const llvm::Loop& loop, LoopChecks& checks, llvm::ScalarEvolution& evolution,
              llvm::function_ref<bool(const LoopCheck&)> can_be_made)
      : loop_(loop),
        checks_(checks),
        evolution_(evolution),
        can_be_made_(can_be_made),
        taken_(checks.size(), false) {}

  LoopChecks run() {
    if (!set_iterations()) return {};
    for (size_t i = 0; i < checks_.size(); ++i) classify(i);
    for (const Group& group : groups_)
      for (const Extent& extent : extents_of(group)) add(group, extent);
    std::vector<LoopCheck> left;
    for (size_t i = 0; i < checks_.size(); ++i)
      if (!taken_[i]) left.push_back(std::move(checks_[i]));
    checks_ = std::move(left);
    return std::move(ranges_);
  }

 private:
  bool set_iterations() {
    const SCEV* back_edges = evolution_.getBackedgeTakenCount(&loop_);
    if (llvm::isa<llvm::SCEVCouldNotCompute>(back_edges)) return false;
    llvm::Type* type = llvm::Type::getInt64Ty(loop_.getHeader()->getContext());
    if (evolution_.getTypeSizeInBits(back_edges->getType()) > 64) return false;
    back_edges_ = evolution_.getNoopOrZeroExtend(back_edges, type);
    most_iterations_ = evolution_.getSmallConstantMaxTripCount(&loop_);
    return true;
  }

  const SCEV* number(int64_t value) {
    return evolution_.getConstant(back_edges_->getType(), static_cast<uint64_t>(value),
                                  /*isSigned=*/true);
  }

  void classify(size_t index) {
    const LoopCheck& check = checks_[index];
    auto* start = llvm::dyn_cast<SCEVAddRecExpr>(check.start);
    if (start == nullptr || start->getLoop() != &loop_ || !start->isAffine()) return;
    if (!evolution_.isLoopInvariant(check.bytes, &loop_)) return;
    const SCEV* step = start->getStepRecurrence(evolution_);
    std::optional<int64_t> size = constant(check.bytes);
    if (size.has_value() && constant(step).has_value()) return add_to_group(index, *start, *size);
    if (step == check.bytes) {
      // Rows that follow each other.
      const SCEV* all =
          evolution_.getMulExpr(evolution_.getAddExpr(back_edges_, number(1)), check.bytes);
      put({.start = start->getStart(), .bytes = all}, check.kind, {index});
    }
  }

  void add_to_group(size_t index, const SCEVAddRecExpr& start, int64_t size) {
    const SCEV* step = start.getStepRecurrence(evolution_);
    for (Group& group : groups_) {
      if (group.kind != checks_[index].kind || group.parts.size() == kMostGrouped ||
          group.start->getStepRecurrence(evolution_) != step)
        continue;
      auto distance = constant(evolution_.getMinusSCEV(&start, group.start));
      if (!distance.has_value()) continue;
      group.parts.push_back({index, *distance, size});
      return;
    }
    if (groups_.size() < kMostGroups)
      groups_.push_back({&start, checks_[index].kind, {{index, 0, size}}});
  }

  static std::vector<Extent> extents_of(const Group& group) {
    std::vector<Part> parts = group.parts;
    std::ranges::sort(parts, {},
                      [](const Part& part) { return std::pair(part.offset, part.check); });
    std::vector<Extent> extents;
    for (const Part& part : parts) {
      if (extents.empty() || extents.back().end < part.offset)
        extents.push_back({part.offset, part.offset, {}});
      extents.back().end = std::max(extents.back().end, part.offset + part.size);
      extents.back().checks.push_back(part.check);
    }
    return extents;
  }

  // So few accesses that their own checks are cheaper than a call.
  bool is_short(size_t accesses) const {
    return most_iterations_ != 0 && most_iterations_ * accesses <= kFewAccesses;
  }

  void add(const Group& group, const Extent& extent) {
    const int64_t step = *constant(group.start->getStepRecurrence(evolution_));
    const int64_t size = extent.end - extent.begin;
    const SCEV* first = evolution_.getAddExpr(group.start->getStart(), number(extent.begin));
    if (size < std::abs(step)) return;
    const SCEV* advance = evolution_.getMulExpr(back_edges_, number(std::abs(step)));
    const SCEV* bytes = evolution_.getAddExpr(advance, number(size));
    std::optional<int64_t> known = constant(bytes);
    const bool is_one_inline_check =
        known.has_value() && static_cast<uint64_t>(*known) <= kLargestInlineCheck;
    if (is_short(extent.checks.size()) && !is_one_inline_check) return;
    if (step < 0) first = evolution_.getMinusSCEV(first, advance);
    put({.start = first, .bytes = bytes}, group.kind, extent.checks);
  }

  void put(LoopCheck range, AccessKind kind, const std::vector<size_t>& checks) {
    if (!can_be_made_(range)) return;
    range.is_range = true;
    range.kind = kind;
    range.alignment = checks_[checks.front()].alignment;  // of the one that has the lowest address
    // The first in the code: checks are listed in its order.
    const size_t first = *std::ranges::min_element(checks);
    range.place = checks_[first].place;
    range.source = checks_[first].source;
    for (size_t check : checks) {
      llvm::append_range(range.accesses, checks_[check].accesses);
      taken_[check] = true;
    }
    ranges_.push_back(std::move(range));
  }

  const llvm::Loop& loop_;
  LoopChecks& checks_;
  llvm::ScalarEvolution& evolution_;
  llvm::function_ref<bool(const LoopCheck&)> can_be_made_;
  const SCEV* back_edges_ = nullptr;
  uint64_t most_iterations_ = 0;  // 0: not known
  std::vector<Group> groups_;
  std::vector<bool> taken_;
  LoopChecks ranges_;
};

}  // namespace

LoopChecks take_ranges(const llvm::Loop& loop, LoopChecks& checks, llvm::ScalarEvolution& evolution,
                       llvm::function_ref<bool(const LoopCheck&)> can_be_made) {
  return RangeSearch(loop, checks, evolution, can_be_made).run();
}

}  // namespace fibersan::instrument
