// Random accesses, releases and acquires of a few fibers, judged by all that ever happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "detector/shadow/record.h"
#include "detector/shadow/record_memory.h"
#include "tests/unit/shadow/one_cell.h"

namespace fibersan {
namespace {

constexpr size_t kSyncs = 3;
constexpr size_t kCells = 2;
constexpr int kSteps = 400;

struct Past {
  size_t fiber;
  long step;
  uint8_t mask;
  Stamp kind;
};

// One random program, executed by the cells and by the oracle.
template <typename Slots, size_t kMostFibers>
class Program {
  using Vector = std::array<long, kMostFibers>;  // of fibers' steps

 public:
  explicit Program(unsigned seed) : random_(seed), count_(2 + below(kMostFibers - 1)) {
    for (size_t i = 0; i < count_; ++i) {
      fibers_[i].start(SpawnSnapshot{}, static_cast<unsigned>(i % 4), i + 1);
    }
  }
  ~Program() {
    for (Cell& cell : cells_) clear_extended(cell);
    for (size_t i = 0; i < count_; ++i) fibers_[i].end();
  }
  void run() {
    for (int i = 0; i < kSteps; ++i) below(10) < 3 ? edge() : access();
  }
  int found() const { return found_; }
  int missed() const { return missed_; }
  int invented() const { return invented_; }

 private:
  size_t below(size_t limit) { return random_() % limit; }

  void edge() {
    const size_t i = below(count_);
    const size_t at = below(kSyncs);
    Vector& known = known_[i];
    Vector& published = published_[at];
    switch (below(3)) {
      case 0:
        fibers_[i].acquire(syncs_[at]);
        join(known, published);
        break;
      case 1:
        fibers_[i].release(syncs_[at]);
        known[i] = now_[i];
        published = known;
        break;
      default:
        fibers_[i].merge(syncs_[at]);
        known[i] = now_[i];
        join(published, known);
    }
  }
  static void join(Vector& to, const Vector& from) {
    for (size_t i = 0; i < kMostFibers; ++i) to[i] = std::max(to[i], from[i]);
  }

  void access() {
    const size_t i = below(count_);
    const size_t at = below(kCells);
    const uint8_t mask = random_mask();
    const Stamp kind =
        (below(3) != 0 ? FSAN_STAMP_READ : 0) | (below(3) == 0 ? FSAN_STAMP_ATOMIC : 0);
    const Stamp stamp = with_mask(fibers_[i].stamp() | kind, mask);
    const bool expected = races(past_[at], i, mask, kind);
    const bool covered = cell_covers(cells_[at], stamp);
    const bool race = !access_cell<Slots>(cells_[at], stamp, fibers_[i]).empty();
    found_ += race;
    invented_ += race && !expected;
    // What an access of the same segment covers was reported with that one.
    missed_ += !race && expected && !covered && !repeated(past_[at], i, mask, kind);
    past_[at].push_back({i, ++now_[i], mask, kind});
  }
  uint8_t random_mask() {
    if (below(4) == 0) return static_cast<uint8_t>(1 + below(255));
    const size_t size = size_t{1} << below(4);
    return static_cast<uint8_t>(((1u << size) - 1) << (below(8 / size) * size));
  }
  bool races(const std::vector<Past>& past, size_t i, uint8_t mask, Stamp kind) const {
    return std::any_of(past.begin(), past.end(), [&](const Past& p) {
      return p.fiber != i && (p.mask & mask) != 0 && (p.kind & kind) == 0 &&
             known_[i][p.fiber] < p.step;
    });
  }
  bool repeated(const std::vector<Past>& past, size_t i, uint8_t mask, Stamp kind) const {
    return std::any_of(past.begin(), past.end(), [&](const Past& p) {
      return p.fiber == i && p.step > known_[i][i] && (p.mask & mask) != 0 && (p.kind & ~kind) == 0;
    });
  }

  std::mt19937 random_;
  size_t count_;
  FiberClock fibers_[kMostFibers];
  Sync syncs_[kSyncs];
  Cell cells_[kCells] = {};
  std::vector<Past> past_[kCells];
  Vector known_[kMostFibers] = {};
  Vector published_[kSyncs] = {};
  Vector now_ = {};
  int found_ = 0;
  int missed_ = 0;
  int invented_ = 0;
};

template <typename Slots, size_t kMostFibers>
void compare_with_oracle(unsigned programs) {
  const uint64_t records = extended_cells();
  const uint64_t memory = record_memory_in_use();
  const uint64_t dropped = dropped_stamps();
  int found = 0;
  for (unsigned seed = 0; seed < programs; ++seed) {
    Program<Slots, kMostFibers> program(seed);
    program.run();
    found += program.found();
    ASSERT_EQ(program.invented(), 0) << "seed " << seed;
    ASSERT_EQ(program.missed(), 0) << "seed " << seed;
  }
  EXPECT_GT(found, static_cast<int>(programs));
  EXPECT_EQ(extended_cells(), records);
  EXPECT_LE(record_memory_in_use(), memory + (4u << 20));  // a piece of records, shards
  EXPECT_EQ(dropped_stamps(), dropped);
}

TEST(CellOracle, SharedSlots) { compare_with_oracle<SharedSlots, 8>(1500); }
TEST(CellOracle, ExclusiveSlots) { compare_with_oracle<ExclusiveSlots, 8>(1000); }
TEST(CellOracle, LargeRecords) { compare_with_oracle<SharedSlots, 40>(400); }
TEST(CellOracle, ShardedRecords) {
  set_waits_before_shards(0);
  compare_with_oracle<SharedSlots, 8>(500);
  compare_with_oracle<SharedSlots, 40>(200);
  set_waits_before_shards(8);
}

}  // namespace
}  // namespace fibersan
