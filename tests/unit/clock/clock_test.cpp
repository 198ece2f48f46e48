#include "detector/clock/clock.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace fibersan {
namespace {

using Naive = std::map<LaneId, Epoch>;

void expect_same(const Clock& clock, const Naive& naive) {
  Naive seen;
  clock.for_each([&](LaneId lane, Epoch epoch) { seen[lane] = epoch; });
  EXPECT_EQ(seen, naive);
}

void join(Naive& into, const Naive& from) {
  for (const auto& [lane, epoch] : from) into[lane] = std::max(into[lane], epoch);
}

bool contains(const Naive& outer, const Naive& inner) {
  for (const auto& [lane, epoch] : inner) {
    const auto found = outer.find(lane);
    if (found == outer.end() || found->second < epoch) return false;
  }
  return true;
}

// A clock that knows `count` lanes from `first` on, all in its tree.
Clock tree_of(LaneId first, LaneId count, Epoch epoch) {
  Clock clock;
  for (LaneId lane = first; lane < first + count; ++lane) clock.set(lane, epoch);
  for (unsigned i = 0; i < Clock::kOverrides; ++i) clock.set(first + count + i, 1);
  clock.set(first + count + Clock::kOverrides, 1);
  return clock;
}

// Sharing must leave nothing behind: every test ends with no node alive.
class ClockTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(Clock::live_nodes(), 0u); }
};

TEST_F(ClockTest, KnowsNothingAtFirst) {
  const Clock clock;
  EXPECT_EQ(clock.at(0), 0u);
  EXPECT_EQ(clock.at(kLaneLimit - 1), 0u);
  EXPECT_TRUE(clock.knows(5, 0));
  EXPECT_FALSE(clock.knows(5, 1));
}

TEST_F(ClockTest, NeverForgets) {
  Clock clock;
  clock.set(3, 10);
  clock.set(3, 7);
  EXPECT_EQ(clock.at(3), 10u);
  for (LaneId lane = 100; lane < 130; ++lane) clock.set(lane, 1);  // 3 is in the tree now
  clock.set(3, 9);
  EXPECT_EQ(clock.at(3), 10u);
  clock.set(3, 11);
  EXPECT_EQ(clock.at(3), 11u);
}

TEST_F(ClockTest, ReachesTheHighestLane) {
  Clock clock;
  for (LaneId i = 0; i < 20; ++i) clock.set(kLaneLimit - 1 - i * 1000, i + 1);
  for (LaneId i = 0; i < 20; ++i) EXPECT_EQ(clock.at(kLaneLimit - 1 - i * 1000), i + 1);
  EXPECT_EQ(clock.at(0), 0u);
}

TEST_F(ClockTest, CopySharesTheTreeAndStaysApart) {
  const Clock original = tree_of(0, 1000, 5);
  const std::uint64_t nodes = Clock::live_nodes();
  Clock copy = original;
  EXPECT_EQ(copy.root(), original.root());
  EXPECT_EQ(Clock::live_nodes(), nodes);
  for (LaneId lane = 0; lane < 9; ++lane) copy.set(lane, 6);
  EXPECT_EQ(original.at(0), 5u);
  EXPECT_EQ(copy.at(0), 6u);
  // The leaf, the one of the last overrides, and their parent were copied, nothing else.
  EXPECT_LE(Clock::live_nodes(), nodes + 3);
}

TEST_F(ClockTest, AMillionCopiesTakeNoNode) {
  const Clock original = tree_of(0, 10000, 5);
  const std::uint64_t nodes = Clock::live_nodes();
  const std::vector<Clock> copies(1'000'000, original);
  EXPECT_EQ(Clock::live_nodes(), nodes);
  EXPECT_EQ(copies.back().root(), original.root());
}

TEST_F(ClockTest, JoinWithWhatIsKnownChangesNothing) {
  const Clock past = tree_of(0, 5000, 5);
  Clock clock = past;
  EXPECT_FALSE(clock.join(past));
  EXPECT_EQ(clock.root(), past.root());
  EXPECT_FALSE(clock.join(clock));
  Clock nothing;
  EXPECT_FALSE(clock.join(nothing));
  EXPECT_TRUE(nothing.join(past));
  EXPECT_EQ(nothing.root(), past.root());
}

TEST_F(ClockTest, JoinSharesTheSideThatContainsTheOther) {
  const Clock past = tree_of(0, 5000, 5);
  Clock later = past;
  for (LaneId lane = 0; lane < 5000; lane += 100) later.set(lane, 9);
  Clock joined = past;
  EXPECT_TRUE(joined.join(later));
  EXPECT_EQ(joined.root(), later.root());
  EXPECT_FALSE(later.join(past));
}

TEST_F(ClockTest, JoinTouchesOnlyWhatDiffers) {
  const Clock past = tree_of(0, 64 * 64, 5);
  Clock left = past;
  Clock right = past;
  for (LaneId lane = 0; lane < 9; ++lane) left.set(lane, 9);
  for (LaneId lane = 640; lane < 649; ++lane) right.set(lane, 9);
  const std::uint64_t nodes = Clock::live_nodes();
  EXPECT_TRUE(left.join(right));
  EXPECT_LE(Clock::live_nodes(), nodes);  // left's own root and right's leaf are reused
  EXPECT_EQ(left.at(0), 9u);
  EXPECT_EQ(left.at(640), 9u);
  EXPECT_EQ(right.at(0), 5u);
}

TEST_F(ClockTest, MoveLeavesNothing) {
  Clock from = tree_of(0, 100, 5);
  Clock to = std::move(from);
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): that is the claim
  EXPECT_EQ(from.at(0), 0u);
  EXPECT_EQ(to.at(99), 5u);
  from = std::move(to);
  EXPECT_EQ(from.at(99), 5u);
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): that is the claim
  EXPECT_EQ(to.root(), nullptr);
  to = std::move(from);
}

class RandomClocks : public ClockTest, public testing::WithParamInterface<LaneId> {};

// Six clocks that set, copy, move, clear and join each other, against maps.
TEST_P(RandomClocks, AgreeWithMaps) {
  const LaneId lanes = GetParam();
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    constexpr std::size_t kClocks = 6;
    std::vector<Clock> clocks(kClocks);
    std::vector<Naive> naives(kClocks);
    for (int step = 0; step < 400; ++step) {
      const std::size_t a = random() % kClocks;
      const std::size_t b = random() % kClocks;
      switch (random() % 12) {
        case 0:
          clocks[a] = clocks[b];
          naives[a] = naives[b];
          break;
        case 1:
          if (random() % 8 != 0 || a == b) break;
          clocks[a] = std::move(clocks[b]);
          clocks[b].clear();
          naives[a] = std::exchange(naives[b], {});
          break;
        case 2:
        case 3:
        case 4: {
          const bool news = !contains(naives[a], naives[b]);
          const bool grew = clocks[a].join(clocks[b]);
          EXPECT_TRUE(grew || !news);  // true too often costs a tick, false is wrong
          join(naives[a], naives[b]);
          break;
        }
        default: {
          const LaneId lane = random() % lanes;
          const Epoch epoch = 1 + random() % 50;
          clocks[a].set(lane, epoch);
          naives[a][lane] = std::max(naives[a][lane], epoch);
          EXPECT_EQ(clocks[a].at(lane), naives[a][lane]);
          EXPECT_TRUE(clocks[a].knows(lane, naives[a][lane]));
          EXPECT_FALSE(clocks[a].knows(lane, naives[a][lane] + 1));
        }
      }
    }
    for (std::size_t i = 0; i < kClocks; ++i) expect_same(clocks[i], naives[i]);
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

// One leaf, two levels, all four levels.
INSTANTIATE_TEST_SUITE_P(Lanes, RandomClocks,
                         testing::Values(LaneId{20}, LaneId{64}, LaneId{3000}, kLaneLimit),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace fibersan
