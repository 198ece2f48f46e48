// Cells that get a record and lose it again, under every interleaving of two and three accesses
// at the grain of their atomic steps: no race is lost, none invented, nobody waits for ever,
// and a visitor beside them sees each stamp that stays (extended.h E1 to E5).
//
// The code is that of detector/shadow (cell.h, extended_steps.h) over steps of our own. What
// happens to a record's stamps under its lock is one step; record.h's own tests look inside.
// A thread is run again and again on a log of what its steps returned so far, as in cell_test.cpp.
#include <gtest/gtest.h>

#include <cstdio>
#include <unordered_set>
#include <vector>

#include "tests/model/extended_cell_steps.h"

namespace fibersan::model {
namespace {

// Who knows the three fibers of the past: a bit for each of those of now.
struct Knows {
  unsigned past[3];
  // The first and the third of now know what the second accesses, though it does so beside them:
  // then what it left may be replaced while others still look at what was there before.
  bool second_is_late = false;
};
constexpr Knows kWhoKnows[] = {
    {{0, 0, 0}}, {{1, 1, 1}}, {{7, 7, 7}}, {{7, 7, 0}}, {{4, 0, 0}, true}};

// Main, three fibers of the past, and three of now.
class Fibers {
 public:
  static constexpr unsigned kNow = 3;

  explicit Fibers(const Knows& knows) {
    main_.start({}, 0, 0);
    for (unsigned i = 0; i < 3; ++i) past_[i].start(main_.spawn(), 0, 1 + i);
    for (FiberClock& fiber : now_) fiber.start(main_.spawn(), 0, 9);
    for (unsigned i = 0; i < 3; ++i) {
      past_[i].touched();
      stamps_[i] = past_[i].stamp();
      Sync sync;
      past_[i].release(sync);
      for (unsigned j = 0; j < kNow; ++j)
        if ((knows.past[i] >> j & 1) != 0) now_[j].acquire(sync);
    }
    for (unsigned i = 0; i < kNow; ++i) now_stamps_[i] = now_[i].stamp();
    if (!knows.second_is_late) return;
    Sync sync;
    now_[1].touched();
    now_[1].release(sync);
    for (const unsigned j : {0u, 2u}) now_[j].acquire(sync);
  }
  ~Fibers() {
    for (FiberClock& fiber : past_) fiber.end();
    for (FiberClock& fiber : now_) fiber.end();
    main_.end();
    lane_table.reset();
  }
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  const FiberClock& now(std::size_t i) const { return now_[i]; }
  Stamp access_of(std::size_t i, AccessKind kind) const {
    return with_mask(with_kind(now_stamps_[i], kind), 0xff);
  }
  Stamp past(unsigned i, AccessKind kind) const {
    return with_mask(with_kind(stamps_[i], kind), 0xff);
  }

 private:
  FiberClock main_;
  FiberClock past_[3];
  FiberClock now_[kNow];
  Stamp stamps_[3];
  Stamp now_stamps_[kNow];
};

struct Case {
  std::vector<Stamp> accesses;  // one for each thread
  std::vector<Stamp> past;      // what the cell holds: more than two in a record
  bool visited = false;         // by one more thread
};

struct Sum {
  std::uint64_t cases = 0;
  std::uint64_t states = 0;
  std::uint64_t outcomes = 0;
  std::uint64_t lost = 0;  // neither of a racing pair reports anything, and nothing was forgotten
  std::uint64_t invented = 0;  // a report of what does not race
  std::uint64_t unseen = 0;    // a stamp that stayed and that the visitor did not see
  std::uint64_t stuck = 0;     // everybody waits
  std::uint64_t leaked = 0;    // a record that is taken and not the cell's, or twice

  std::uint64_t wrong() const { return lost + invented + unseen + stuck + leaked; }
};

class Explorer {
 public:
  Explorer(const Fibers& fibers, const Case& of, Sum& sum) : fibers_(fibers), case_(of), sum_(sum) {
    State first;
    if (of.past.size() > 2) {
      first.slots[0] = extended_stamp(1);
      first.slots[1] = of.past.back();
      first.records[0] = {.taken = true, .stamps = of.past};
    } else {
      std::copy(of.past.begin(), of.past.end(), first.slots);
    }
    first.threads.resize(of.accesses.size() + of.visited);
    ++sum_.cases;
    explore(first);
  }

 private:
  bool race(Stamp earlier, std::size_t i) const {
    return races_with(earlier, case_.accesses[i], fibers_.now(i));
  }

  void explore(const State& state) {
    if (!seen_.insert(hash_of(state)).second) return;
    ++sum_.states;
    bool all_finished = true;
    bool moved = false;
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      if (state.threads[i].finished) continue;
      all_finished = false;
      State next = state;
      step(next, i);
      if (next == state) continue;  // it waits
      moved = true;
      explore(next);
    }
    if (all_finished) {
      judge(state);
    } else if (!moved) {
      ++sum_.stuck;
    }
  }

  void step(State& state, std::size_t i) {
    Thread& thread = state.threads[i];
    Cell& cell = reinterpret_cast<Cell&>(state.slots);
    ModelSteps::begin(state, thread);
    ModelSteps steps;
    std::vector<Stamp> found;
    if (i == case_.accesses.size()) {
      if (!visit_once(steps, cell, [&](Stamp stamp) { found.push_back(stamp); })) found.clear();
    } else {
      found = access(steps, cell, i);
    }
    if (ModelSteps::incomplete) return;
    if (!again_) {
      thread.finished = true;
      std::sort(found.begin(), found.end());
      thread.found = found;
    }
    thread.log.clear();  // finished, or it looks again from the start
  }

  std::vector<Stamp> access(ModelSteps& steps, Cell& cell, std::size_t i) {
    const FiberClock& clock = fibers_.now(i);
    CellResult result = check_cell<ModelSteps>(cell, case_.accesses[i], clock);
    if (result.step == CellStep::kFull || result.step == CellStep::kExtended)
      access_extended(steps, cell, case_.accesses[i], clock, result);
    again_ = result.step == CellStep::kExtended;
    std::vector<Stamp> found;
    for (const Race& race : result.races) found.push_back(race.stamp);
    return found;
  }
  template <typename Visit>
  bool visit_once(ModelSteps& steps, Cell& cell, Visit visit) {
    const bool done = visit_stamps_once(steps, cell, visit);
    again_ = !done;
    return done;
  }

  void judge(const State& state) {
    ++sum_.outcomes;
    bool lost = false;
    for (std::size_t i = 0; i < case_.accesses.size(); ++i) {
      const bool silent = state.threads[i].found.empty();
      for (const Stamp first : case_.past)
        if (race(first, i) && silent && !others_reported(state, i)) lost = true;
      for (std::size_t j = 0; j < i; ++j)
        if (race(case_.accesses[j], i) && race(case_.accesses[i], j) && !found(state, i, j) &&
            !found(state, j, i))
          lost = true;
      for (const Stamp reported : state.threads[i].found) sum_.invented += !justified(reported, i);
    }
    sum_.lost += lost && state.forgotten == 0;
    if (case_.visited) sum_.unseen += visitor_missed(state);
    unsigned owned = 0;
    for (const ModelRecord& record : state.records) {
      owned += record.taken;
      sum_.leaked +=
          record.alone || record.readers != 0 || (!record.taken && !record.stamps.empty());
    }
    sum_.leaked += owned != unsigned{stamp_is_extended(state.slots[0])};
  }

  bool found(const State& state, std::size_t by, std::size_t whom) const {
    const std::vector<Stamp>& stamps = state.threads[by].found;
    return std::any_of(stamps.begin(), stamps.end(),
                       [&](Stamp stamp) { return same_segment(stamp, case_.accesses[whom]); });
  }
  // A stamp of the past may have been replaced by one that knew it; then the race with
  // that one is what is reported.
  bool others_reported(const State& state, std::size_t i) const {
    for (std::size_t j = 0; j < case_.accesses.size(); ++j)
      if (j != i && !state.threads[j].found.empty()) return true;
    return false;
  }
  bool justified(Stamp reported, std::size_t i) const {
    for (const Stamp first : case_.past)
      if (first == reported && race(first, i)) return true;
    for (std::size_t j = 0; j < case_.accesses.size(); ++j)
      if (j != i && same_segment(reported, case_.accesses[j]) && race(case_.accesses[j], i))
        return true;
    return false;
  }
  // Of what was there at first and is there at the end.
  bool visitor_missed(const State& state) const {
    std::vector<Stamp> left(state.slots, state.slots + 2);
    if (stamp_is_extended(left[0])) left = state.records[stamp_epoch(left[0]) - 1].stamps;
    const std::vector<Stamp>& seen = state.threads.back().found;
    for (const Stamp stamp : case_.past) {
      if (std::find(left.begin(), left.end(), stamp) != left.end() &&
          std::find(seen.begin(), seen.end(), stamp) == seen.end())
        return true;
    }
    return false;
  }

  const Fibers& fibers_;
  const Case& case_;
  Sum& sum_;
  std::unordered_set<Hash, HashBucket> seen_;
  bool again_ = false;
};

constexpr AccessKind kKinds[] = {AccessKind::kWrite, AccessKind::kRead, AccessKind::kAtomicWrite};

// Every way to give each of `threads` fibers one of the kinds, on cells that hold two or
// more stamps, known to nobody, to the first fiber, to all.
Sum explore_all(std::size_t threads, bool visited, const Setting& setting) {
  Sum sum;
  ModelSteps::setting = setting;
  for (const Knows& knows : kWhoKnows) {
    const bool is_late = knows.second_is_late;
    if ((is_late && (threads < 3 || setting.only_extended)) || (!is_late && setting.only_late))
      continue;
    if (knows.past[2] != knows.past[0] && !is_late && threads == 3) continue;  // it takes long
    const Fibers fibers(knows);
    const Stamp read = fibers.past(0, AccessKind::kRead);
    const Stamp other = fibers.past(1, AccessKind::kRead);
    const Stamp atomic = fibers.past(2, AccessKind::kAtomicRead);
    for (const std::vector<Stamp>& past :
         {std::vector<Stamp>{0, read}, {atomic, read}, {atomic, read, other}}) {
      if (setting.only_extended && past.size() <= 2) continue;
      std::vector<std::size_t> pick(threads);
      for (std::size_t digit = 0; digit < threads;) {
        Case one{{}, past, visited};
        for (std::size_t i = 0; i < threads; ++i) {
          one.accesses.push_back(fibers.access_of(i, kKinds[pick[i]]));
        }
        const Explorer explorer(fibers, one, sum);
        digit = 0;
        while (digit < threads && ++pick[digit] == std::size(kKinds)) pick[digit++] = 0;
      }
    }
  }
  return sum;
}

void print(const char* what, const Sum& sum) {
  const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(
      "%s: %llu cases, %llu states, %llu outcomes: %llu lost, %llu invented, %llu unseen, %llu "
      "stuck, %llu leaked\n",
      what, number(sum.cases), number(sum.states), number(sum.outcomes), number(sum.lost),
      number(sum.invented), number(sum.unseen), number(sum.stuck), number(sum.leaked));
}

TEST(ExtendedCell, TwoAccesses) {
  for (const bool sharded : {false, true}) {
    const Sum sum = explore_all(2, false, {.sharded = sharded});
    print("two", sum);
    EXPECT_GT(sum.outcomes, sum.cases);
    EXPECT_EQ(sum.wrong(), 0u);
  }
}
TEST(ExtendedCell, ThreeAccesses) {
  for (const bool sharded : {false, true}) {
    const Sum sum = explore_all(3, false, {.sharded = sharded, .only_extended = sharded});
    print("three", sum);
    EXPECT_EQ(sum.wrong(), 0u);
  }
}
// E4
TEST(ExtendedCell, TwoAccessesAndAVisitor) {
  const Sum sum = explore_all(2, true, {});
  print("visited", sum);
  EXPECT_EQ(sum.wrong(), 0u);
}
// E3
TEST(ExtendedCell, WithoutMemoryNothingIsInvented) {
  const Sum sum = explore_all(3, false, {.records = 0});
  print("no memory", sum);
  EXPECT_EQ(sum.lost + sum.invented + sum.stuck, 0u);
}

class Mutant : public ::testing::TestWithParam<Weakness> {};
TEST_P(Mutant, IsKilled) {
  const bool sharded = GetParam() == Weakness::kReadersBesideWriter;
  const bool is_late = GetParam() == Weakness::kNoSecondReload;
  Sum sum = explore_all(2, true, {.weakness = GetParam(), .sharded = sharded});
  if (sum.wrong() == 0)
    sum = explore_all(3, false,
                      {.weakness = GetParam(),
                       .sharded = sharded,
                       .only_extended = !is_late,
                       .only_late = is_late});
  print("mutant", sum);
  EXPECT_NE(sum.wrong(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Steps, Mutant, ::testing::ValuesIn(kMutants));

}  // namespace
}  // namespace fibersan::model
