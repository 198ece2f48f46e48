// Every interleaving of two or three simultaneous accesses to one cell, at the grain of
// its atomic steps: a race between them is always seen by one of the two.
//
// A thread of the model is check_cell() run again and again on a log of what its steps
// have returned so far; the first step beyond the log is made for real. States that were
// reached before are not explored again.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <vector>

#include "detector/clock/fiber_clock.h"
#include "detector/shadow/cell.h"

namespace fibersan::model {
namespace {

enum class Weakness { kNone, kPlainStores, kNoReload };

struct Thread {
  std::vector<Stamp> log;  // what loads returned; 1 or 0 for an exchange
  bool finished = false;
  Stamp race = 0;

  auto operator<=>(const Thread&) const = default;
};

struct State {
  Stamp slots[2] = {0, 0};
  std::vector<Stamp> record;  // of an extended cell
  std::vector<Thread> threads;

  auto operator<=>(const State&) const = default;
};

// One step of one thread, as SharedSlots has them. After the step that goes beyond the
// log everything succeeds without effect, so that check_cell() ends and is discarded.
struct ModelSlots {
  static inline State* state;
  static inline Thread* thread;
  static inline std::size_t at;
  static inline bool stepped;
  static inline bool incomplete;
  static inline bool exchanged;
  static inline std::size_t exchanged_slot;
  static inline Stamp own;  // what it put there
  static inline Weakness weakness;
  static inline Stamp last_seen[2];

  static void begin(State& of, Thread& running) {
    state = &of;
    thread = &running;
    at = 0;
    stepped = incomplete = exchanged = false;
  }
  template <typename Step>
  static Stamp once(Step step) {
    if (at < thread->log.size()) return thread->log[at++];
    if (stepped) {
      incomplete = true;
      return 1;
    }
    stepped = true;
    ++at;
    return thread->log.emplace_back(step());
  }
  static Stamp load(const Stamp& slot) {
    const auto index = static_cast<std::size_t>(&slot - state->slots);
    const bool is_own = exchanged && index == exchanged_slot;
    if (weakness == Weakness::kNoReload && exchanged) return is_own ? own : last_seen[index];
    const Stamp seen = once([&] { return slot; });
    return last_seen[index] = incomplete && is_own ? own : seen;
  }
  static bool exchange(Stamp& slot, Stamp expected, Stamp desired) {
    const bool done = once([&] {
                        const bool equal = slot == expected || weakness == Weakness::kPlainStores;
                        if (equal) slot = desired;
                        return Stamp{equal};
                      }) != 0;
    exchanged = done;
    exchanged_slot = static_cast<std::size_t>(&slot - state->slots);
    own = desired;
    return done;
  }
};

// Main, a fiber of the past, and up to three that run now; the past is known to some.
class Fibers {
 public:
  explicit Fibers(unsigned who_knows) {
    main_.start({}, 0, 0);
    past_.start(main_.spawn(), 0, 1);
    for (FiberClock& fiber : now_) fiber.start(main_.spawn(), 0, 2);
    past_.touched();
    Sync sync;
    past_stamp_ = past_.stamp();
    past_.release(sync);
    for (unsigned i = 0; i < kNow; ++i)
      if ((who_knows >> i & 1) != 0) now_[i].acquire(sync);
    past_.end();
  }
  ~Fibers() {
    for (FiberClock& fiber : now_) fiber.end();
    main_.end();
    lane_table.reset();
  }
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  static constexpr unsigned kNow = 3;
  const FiberClock& now(std::size_t i) const { return now_[i]; }
  Stamp past(AccessKind kind, std::uint8_t mask) const {
    return with_mask(with_kind(past_stamp_, kind), mask);
  }

 private:
  FiberClock main_;
  FiberClock past_;
  FiberClock now_[kNow];
  Stamp past_stamp_ = 0;
};

struct Case {
  std::vector<Stamp> accesses;  // one for each thread
  Stamp slots[2] = {0, 0};      // what the cell holds at first
};

class Explorer {
 public:
  Explorer(const Fibers& fibers, const Case& of, Weakness weakness)
      : fibers_(fibers), case_(of), weakness_(weakness) {
    State first;
    first.slots[0] = of.slots[0];
    first.slots[1] = of.slots[1];
    first.threads.resize(of.accesses.size());
    explore(first);
  }

  std::uint64_t outcomes = 0;
  std::uint64_t silent = 0;    // outcomes with a race and no report at all
  std::uint64_t lost = 0;      // outcomes in which neither of a racing pair reports
  std::uint64_t invented = 0;  // reports of what does not race

 private:
  bool race(Stamp earlier, std::size_t i) const {
    return earlier != 0 && races_with(earlier, case_.accesses[i], fibers_.now(i));
  }

  void explore(const State& state) {
    if (!seen_.insert(state).second) return;
    bool all_finished = true;
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      if (state.threads[i].finished) continue;
      all_finished = false;
      State next = state;
      step(next, i);
      explore(next);
    }
    if (all_finished) judge(state);
  }

  void step(State& state, std::size_t i) {
    Thread& thread = state.threads[i];
    Cell& cell = reinterpret_cast<Cell&>(state.slots);
    ModelSlots::begin(state, thread);
    ModelSlots::weakness = weakness_;
    const CellResult result = check_cell<ModelSlots>(cell, case_.accesses[i], fibers_.now(i));
    if (ModelSlots::incomplete) return;
    if (!result.races.empty()) thread.race = result.races.begin()->stamp;
    thread.finished = result.step == CellStep::kCovered || result.step == CellStep::kStamped ||
                      extend(state, i, result);
    thread.log.clear();  // finished, or it looks again from the start
  }

  // The record is under a lock and so one step here; tests of shadow/ look inside.
  bool extend(State& state, std::size_t i, const CellResult& result) {
    if (result.step == CellStep::kFull) {
      if (state.slots[0] != result.seen[0] || state.slots[1] != result.seen[1]) return false;
      state.record = {state.slots[0], state.slots[1]};
      state.slots[0] = make_stamp(kExtendedLane, 1);
    }
    for (const Stamp earlier : state.record)
      if (race(earlier, i)) state.threads[i].race = earlier;
    state.record.push_back(case_.accesses[i]);
    state.slots[1] = case_.accesses[i];
    return true;
  }

  void judge(const State& state) {
    ++outcomes;
    bool lost_one = false;
    bool reported_one = false;
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      const Stamp reported = state.threads[i].race;
      reported_one = reported_one || reported != 0;
      for (const Stamp first : case_.slots)
        if (race(first, i) && reported == 0 && !others_reported(state, i)) lost_one = true;
      for (std::size_t j = 0; j < i; ++j)
        if (race(case_.accesses[j], i) && reported == 0 && state.threads[j].race == 0)
          lost_one = true;
      if (reported != 0 && !justified(reported, i)) ++invented;
    }
    if (lost_one) ++lost;
    if (lost_one && !reported_one) ++silent;
  }

  // A stamp of the past may have been replaced by one that knew it; then the race with
  // that one is what is reported.
  static bool others_reported(const State& state, std::size_t i) {
    for (std::size_t j = 0; j < state.threads.size(); ++j)
      if (j != i && state.threads[j].race != 0) return true;
    return false;
  }
  bool justified(Stamp reported, std::size_t i) const {
    for (const Stamp first : case_.slots)
      if (first == reported && race(first, i)) return true;
    for (std::size_t j = 0; j < case_.accesses.size(); ++j)
      if (j != i && same_segment(reported, case_.accesses[j]) && race(case_.accesses[j], i))
        return true;
    return false;
  }

  const Fibers& fibers_;
  const Case& case_;
  Weakness weakness_;
  std::set<State> seen_;
};

struct Sum {
  std::uint64_t cases = 0;
  std::uint64_t outcomes = 0;
  std::uint64_t silent = 0;
  std::uint64_t lost = 0;
  std::uint64_t invented = 0;
};

constexpr AccessKind kKinds[] = {AccessKind::kWrite, AccessKind::kRead, AccessKind::kAtomicWrite,
                                 AccessKind::kAtomicRead};

// Calls `visit` with every way to give each of `threads` fibers one of `choices`.
template <typename Visit>
void for_each_choice(std::size_t threads, const std::vector<Stamp>& choices, const Fibers& fibers,
                     Visit visit) {
  std::vector<std::size_t> pick(threads);
  for (;;) {
    std::vector<Stamp> accesses;
    for (std::size_t i = 0; i < threads; ++i)
      accesses.push_back(fibers.now(i).stamp() | choices[pick[i]]);
    visit(accesses);
    std::size_t digit = 0;
    while (digit < threads && ++pick[digit] == choices.size()) pick[digit++] = 0;
    if (digit == threads) return;
  }
}

Sum explore_all(std::size_t threads, const std::vector<Stamp>& choices, Weakness weakness) {
  Sum sum;
  for (const unsigned who_knows : {0u, 1u, 7u}) {
    const Fibers fibers(who_knows);
    const Stamp past_write = fibers.past(AccessKind::kWrite, 0xff);
    const Stamp past_read = fibers.past(AccessKind::kRead, 0x0f);
    const Stamp pairs[][2] = {{0, 0}, {past_write, 0}, {0, past_read}, {past_write, past_read}};
    for (const auto& slots : pairs) {
      for_each_choice(threads, choices, fibers, [&](const std::vector<Stamp>& accesses) {
        const Case one{accesses, {slots[0], slots[1]}};
        const Explorer explorer(fibers, one, weakness);
        ++sum.cases;
        sum.outcomes += explorer.outcomes;
        sum.silent += explorer.silent;
        sum.lost += explorer.lost;
        sum.invented += explorer.invented;
      });
    }
  }
  return sum;
}

std::vector<Stamp> choices(std::initializer_list<AccessKind> kinds,
                           std::initializer_list<std::uint8_t> masks) {
  std::vector<Stamp> result;
  for (const AccessKind kind : kinds)
    for (const std::uint8_t mask : masks) result.push_back(make_stamp(0, 0, kind, mask));
  return result;
}

std::vector<Stamp> for_two() {
  return choices({kKinds[0], kKinds[1], kKinds[2], kKinds[3]}, {0xff, 0x0f, 0xf0, 0x3c});
}
std::vector<Stamp> for_three() {
  return choices({AccessKind::kWrite, AccessKind::kRead, AccessKind::kAtomicWrite}, {0xff, 0x0f});
}

void print(const char* what, const Sum& sum) {
  std::printf(
      "%s: %llu cases, %llu outcomes, %llu silent, %llu lost, %llu invented\n", what,
      static_cast<unsigned long long>(sum.cases), static_cast<unsigned long long>(sum.outcomes),
      static_cast<unsigned long long>(sum.silent), static_cast<unsigned long long>(sum.lost),
      static_cast<unsigned long long>(sum.invented));
}

TEST(CellInterleavings, TwoAccessesNeverLoseTheirRace) {
  const Sum sum = explore_all(2, for_two(), Weakness::kNone);
  print("two", sum);
  EXPECT_GT(sum.outcomes, sum.cases);
  EXPECT_EQ(sum.silent, 0u);
  EXPECT_EQ(sum.lost, 0u);
  EXPECT_EQ(sum.invented, 0u);
}

// Three accesses, up to three pairs that race: each pair is seen by one of the two, also when
// the cell is extended between the exchange of one and its reload.
TEST(CellInterleavings, ThreeAccessesLoseNoRace) {
  const Sum sum = explore_all(3, for_three(), Weakness::kNone);
  print("three", sum);
  EXPECT_EQ(sum.silent, 0u);
  EXPECT_EQ(sum.lost, 0u);
  EXPECT_EQ(sum.invented, 0u);
}

// The model would notice: each half of cell.h's C1 is needed.
TEST(CellInterleavings, PlainStoresLoseRaces) {
  const Sum sum = explore_all(2, for_two(), Weakness::kPlainStores);
  print("plain stores", sum);
  EXPECT_GT(sum.silent, 0u);
}

TEST(CellInterleavings, WithoutTheReloadRacesAreLost) {
  const Sum sum = explore_all(2, for_two(), Weakness::kNoReload);
  print("no reload", sum);
  EXPECT_GT(sum.silent, 0u);
}

}  // namespace
}  // namespace fibersan::model
