// The particular programs that a wrong clock gets wrong, each against the oracle too.
#include <gtest/gtest.h>

#include "tests/model/world.h"

namespace fibersan::model {
namespace {

constexpr CellId kX = 0;
constexpr CellId kY = 1;
constexpr SyncId kMutex = 1;
constexpr SyncId kDone = 2;

// One processor, every rule intact: exactly `unordered` racy pairs, seen by both sides.
class Scenario : public testing::Test {
 protected:
  void expect_unordered(std::uint64_t pairs) {
    const Tally tally = world.tally();
    EXPECT_EQ(tally.unordered, pairs);
    EXPECT_EQ(tally.missed, 0u) << tally.first_disagreement;
    EXPECT_EQ(tally.invented, 0u) << tally.first_disagreement;
    EXPECT_TRUE(tally.forgot_nothing());
  }
  void expect_same_lane(FiberId a_lane, FiberId fiber) {
    EXPECT_EQ(a_lane, world.clock(fiber).lane());
  }

  World world{1};
  const FiberId main = World::kMain;
};

TEST_F(Scenario, TwoFibersOneAfterTheOtherWriteAndWrite) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.write(a, kX);
  world.end(a);
  world.write(b, kX);
  expect_unordered(1);
}

TEST_F(Scenario, TwoFibersOneAfterTheOtherWriteThenRead) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.write(a, kX);
  world.end(a);
  world.read(b, kX);
  expect_unordered(1);
}

TEST_F(Scenario, TwoFibersOneAfterTheOtherReadThenWrite) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.read(a, kX);
  world.end(a);
  world.write(b, kX);
  expect_unordered(1);
}

// A yield, a sleep or a full run queue is no operation of the clock; others run meanwhile.
TEST_F(Scenario, OthersRunBetweenTheTwo) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.write(a, kX);
  for (int i = 0; i < 100; ++i) {
    const FiberId other = world.spawn(main);
    world.write(other, kY + 1 + static_cast<CellId>(i));
    world.release(other, kMutex);
    world.end(other);
  }
  world.write(b, kX);
  expect_unordered(1);
}

TEST_F(Scenario, SpawnedOneAfterTheOtherByAParentThatJoinsNeither) {
  const FiberId a = world.spawn(main);
  world.write(a, kX);
  world.end(a);
  const FiberId b = world.spawn(main);
  world.write(b, kX);
  expect_unordered(1);
}

TEST_F(Scenario, ParentSpawnsThenWrites) {
  const FiberId child = world.spawn(main);
  world.write(main, kX);
  world.read(child, kX);
  expect_unordered(1);
}

TEST_F(Scenario, ParentWritesThenSpawns) {
  world.write(main, kX);
  const FiberId child = world.spawn(main);
  world.write(child, kX);
  expect_unordered(0);
}

TEST_F(Scenario, JoinedLaneIsReusedAndAThirdTouchesTheChildsData) {
  const FiberId third = world.spawn(main);
  const FiberId child = world.spawn(main);
  world.write(child, kX);
  const LaneId lane = world.clock(child).lane();
  world.release(child, kDone);
  world.end(child);
  world.acquire(main, kDone);
  const FiberId next = world.spawn(main);
  world.write(next, kX);
  expect_same_lane(lane, next);
  expect_unordered(0);
  world.write(third, kX);  // against the child's and the next one's
  expect_unordered(2);
}

TEST_F(Scenario, AccessAfterTheLastReleaseKeepsTheLaneFromBeingReused) {
  const FiberId child = world.spawn(main);
  world.write(child, kX);
  const LaneId lane = world.clock(child).lane();
  world.release(child, kDone);
  world.write(child, kY);
  world.end(child);
  world.acquire(main, kDone);
  const FiberId next = world.spawn(main);
  world.write(next, kX);
  world.write(next, kY);
  EXPECT_NE(lane, world.clock(next).lane());
  expect_unordered(1);
}

TEST_F(Scenario, TwoCleanReleasesThenAWriteWhileAnotherHasTheFirst) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.write(a, kY);
  world.release(a, kMutex);
  world.acquire(b, kMutex);
  world.release(a, kMutex);
  world.release(a, kMutex);
  world.write(a, kX);
  world.write(b, kX);
  world.write(b, kY);
  expect_unordered(1);
}

TEST_F(Scenario, AcquireThenReleaseWithNoAccessBetweenHandsOn) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  const FiberId c = world.spawn(main);
  world.write(b, kY);
  world.release(b, kMutex);
  world.acquire(c, kMutex);
  world.write(a, kX);
  world.release(a, kDone);
  world.acquire(b, kDone);
  world.release(b, kMutex);  // nothing stamped since its last release
  world.acquire(c, kMutex);
  world.write(c, kX);
  world.write(c, kY);
  expect_unordered(0);
}

TEST_F(Scenario, LockOfADeadFiberIsAdoptedByTheNextOwnersChild) {
  const FiberId a = world.spawn(main);
  world.acquire(a, kMutex);
  world.write(a, kX);
  world.release(a, kMutex);
  const LaneId lane = world.clock(a).lane();
  world.end(a);
  world.acquire(main, kMutex);
  const FiberId b = world.spawn(main);
  world.write(b, kX);
  expect_same_lane(lane, b);
  expect_unordered(0);
}

// The k-th receive happens before the (k + capacity)-th send is complete, nothing more.
TEST_F(Scenario, ChannelCapacityRule) {
  constexpr unsigned kCapacity = 2;
  const FiberId sender = world.spawn(main);
  const FiberId receiver = world.spawn(main);
  const auto slot = [](unsigned k) { return SyncId{100} + k % kCapacity; };
  for (unsigned k = 0; k < kCapacity; ++k) {
    world.write(sender, 10 + k);
    world.swap(sender, slot(k));
  }
  world.write(receiver, kX);
  world.swap(receiver, slot(0));
  world.write(receiver, 10);  // ordered after the first send
  world.swap(sender, slot(2));
  world.write(sender, kX);  // ordered after the first receive
  expect_unordered(0);
  world.write(receiver, kY);
  world.swap(receiver, slot(1));
  world.write(receiver, 11);
  world.write(sender, kY);  // the second receive frees the slot of the fourth send only
  expect_unordered(1);
}

// What a receiver did before its receive is not handed to the sender of that value.
TEST_F(Scenario, ASlotHandsOnWhatWasKnownBeforeTheSwap) {
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  const FiberId c = world.spawn(main);
  world.write(a, kX);
  world.swap(a, 100);
  world.swap(b, 100);
  world.swap(c, 100);  // gets b's knowledge from before b's swap: not a's write
  world.write(c, kX);
  expect_unordered(1);
}

TEST_F(Scenario, ReadersOfALockStayUnordered) {
  constexpr SyncId kWriters = 10;
  constexpr SyncId kReaders = 11;
  const FiberId a = world.spawn(main);
  const FiberId b = world.spawn(main);
  world.write(main, kX);
  world.release(main, kWriters);
  world.acquire(a, kWriters);
  world.write(a, kY);
  world.merge(a, kReaders);
  world.acquire(b, kWriters);
  world.write(b, kX);
  world.write(b, kY);  // unordered with a's
  world.merge(b, kReaders);
  world.acquire(main, kReaders);
  world.write(main, kX);
  world.write(main, kY);
  expect_unordered(1);
}

TEST_F(Scenario, TwoTimersAreUnordered) {
  const FiberId first = world.spawn(main);
  const FiberId second = world.spawn(main);
  world.write(first, kX);
  world.end(first);
  world.write(second, kX);
  world.end(second);
  expect_unordered(1);
}

TEST_F(Scenario, ManyMergesCompactWithoutLoss) {
  std::vector<FiberId> children;
  for (unsigned i = 0; i < 5 * Sync::kPendingLimit + 3; ++i) children.push_back(world.spawn(main));
  for (const FiberId child : children) {
    world.write(child, 10 + child);
    world.merge(child, kDone);
    world.end(child);
  }
  world.acquire(main, kDone);
  for (const FiberId child : children) world.write(main, 10 + child);
  expect_unordered(0);
}

// Fork and join in rounds: as many lanes as fibers are alive at once, and no more.
TEST_F(Scenario, ForkJoinRoundsReuseTheirLanes) {
  for (int round = 0; round < 20; ++round) {
    std::vector<FiberId> children;
    for (int i = 0; i < 50; ++i) children.push_back(world.spawn(main));
    for (const FiberId child : children) {
      world.write(child, child);
      world.merge(child, kDone);
      world.end(child);
    }
    world.acquire(main, kDone);
  }
  expect_unordered(0);
  EXPECT_EQ(world.tally().lanes, 51u);
}

// A fiber that hands its children's lanes on with its own: trees of fibers.
TEST_F(Scenario, TreesReuseTheLanesOfTrees) {
  const auto tree = [&](auto& self, FiberId parent, int depth) -> void {
    if (depth == 0) return;
    for (int i = 0; i < 2; ++i) {
      const FiberId child = world.spawn(parent);
      world.write(child, child);
      self(self, child, depth - 1);
      world.release(child, 1000 + child);
      world.end(child);
      world.acquire(parent, 1000 + child);
    }
  };
  tree(tree, main, 8);
  expect_unordered(0);
  EXPECT_LE(world.tally().lanes, 9u);
}

}  // namespace
}  // namespace fibersan::model
