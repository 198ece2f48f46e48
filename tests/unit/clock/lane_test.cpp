// Built with 24 bits of lanes and 30 of epochs, and again with 6 and 6.
#include "detector/clock/lane.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace fibersan {
namespace {

class LaneTest : public testing::Test {
 protected:
  void TearDown() override {
    lane_table.reset();
    EXPECT_EQ(LaneList::live_chunks(), 0u);
  }
  static LaneId grant(unsigned processor = 0, const Clock& clock = {}) {
    return lane_table.grant(clock, processor, /*owner=*/7).lane;
  }
  // The owner stamped with its first epoch and never released.
  static void retire_dirty(LaneId lane) { lane_table.retire(lane, 1, 1, {}); }
  // The owner released once, then ended.
  static void retire_published(LaneId lane) { lane_table.retire(lane, 2, 1, {}); }
  static Clock knowing(LaneId lane, Epoch epoch) {
    Clock clock;
    clock.set(lane, epoch);
    return clock;
  }
};

TEST_F(LaneTest, FirstGrantIsCompleteAndMustTick) {
  const LaneGrant granted = lane_table.grant({}, 0, 42);
  EXPECT_EQ(granted.cur, 1u);
  EXPECT_TRUE(granted.must_tick);
  EXPECT_EQ(lane_table.owner(granted.lane, granted.cur), 42u);
  EXPECT_EQ(lane_table.state(granted.lane), LaneState::kLive);
  EXPECT_EQ(lane_table.generation(granted.lane), granted.generation);
}

TEST_F(LaneTest, OnlyWhoKnowsTheTailTakesOver) {
  const LaneId lane = grant();
  retire_dirty(lane);
  EXPECT_FALSE(lane_table.adoptable(lane, {}));
  EXPECT_FALSE(lane_table.reserve(lane, {}));
  EXPECT_NE(grant(0), lane);
  const Clock clock = knowing(lane, 1);
  EXPECT_TRUE(lane_table.adoptable(lane, clock));
  EXPECT_TRUE(lane_table.reserve(lane, clock));
  EXPECT_FALSE(lane_table.reserve(lane, clock));  // reserved already
  const LaneGrant taken = lane_table.take(lane, 9);
  EXPECT_EQ(taken.cur, 2u);
  EXPECT_EQ(taken.generation, 0u);
  EXPECT_TRUE(taken.must_tick);
}

TEST_F(LaneTest, NobodyTakesTheLaneOfALivingFiber) {
  const LaneId lane = grant();
  const Clock clock = knowing(lane, kEpochLimit);
  EXPECT_FALSE(lane_table.adoptable(lane, clock));
  EXPECT_FALSE(lane_table.reserve(lane, clock));
}

TEST_F(LaneTest, WhatWasReservedComesBack) {
  const LaneId lane = grant();
  retire_published(lane);
  const Clock clock = knowing(lane, 1);
  EXPECT_TRUE(lane_table.reserve(lane, clock));
  lane_table.give_back(lane);
  EXPECT_EQ(grant(0, clock), lane);
}

TEST_F(LaneTest, AStartingFiberFindsTheRetiredLaneItDominates) {
  const std::vector<LaneId> lanes{grant(), grant(), grant()};
  for (const LaneId lane : lanes) retire_published(lane);
  for (const LaneId lane : lanes) EXPECT_EQ(grant(0, knowing(lane, 1)), lane);
  EXPECT_EQ(lane_table.lanes_created(), 3u);
}

TEST_F(LaneTest, LanesToHandOnTravelWithTheLane) {
  const LaneId child = grant();
  const LaneId parent = grant();
  retire_published(child);
  LaneList list;
  list.push(child);
  lane_table.retire(parent, 2, 1, static_cast<LaneList&&>(list));
  EXPECT_TRUE(lane_table.reserve(parent, knowing(parent, 1)));
  LaneGrant taken = lane_table.take(parent, 9);
  EXPECT_EQ(taken.adoptable.pop(), child);
}

TEST_F(LaneTest, BudgetDropsTheOldestAndCounts) {
  lane_table.set_budget(3);
  const LaneId a = grant();
  const LaneId b = grant();
  const LaneId c = grant();
  retire_dirty(b);
  retire_dirty(a);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
  const LaneGrant dropped = lane_table.grant({}, 0, 9);
  EXPECT_EQ(dropped.lane, b);
  EXPECT_EQ(dropped.generation, 1u);
  EXPECT_EQ(dropped.cur, 2u);  // its epochs go on
  EXPECT_EQ(grant(), a);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 2u);
  EXPECT_EQ(grant(), kNoLane);
  EXPECT_EQ(lane_table.forgotten().fibers_without_lane, 1u);
  retire_dirty(c);
  EXPECT_EQ(grant(), c);
}

TEST_F(LaneTest, BeforeDroppingOneOfOthersIsTaken) {
  lane_table.set_budget(4);
  const LaneId first = grant(0);  // the only block belongs to processor 0 now
  const LaneId second = grant(5);
  EXPECT_NE(first, second);
  EXPECT_NE(second, kNoLane);
  retire_dirty(first);
  retire_published(second);
  EXPECT_EQ(grant(9), 2u);
  EXPECT_EQ(grant(9), 3u);
  EXPECT_EQ(grant(9, knowing(second, 1)), second);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
}

TEST_F(LaneTest, CollectedLaneIsFreeUnderANewGeneration) {
  const LaneId lane = grant();
  EXPECT_FALSE(lane_table.collect(lane, lane_table.begin_round()));  // somebody lives on it
  retire_dirty(lane);
  EXPECT_TRUE(lane_table.collect(lane, lane_table.begin_round()));
  EXPECT_FALSE(lane_table.collect(lane, lane_table.begin_round()));
  EXPECT_EQ(lane_table.state(lane), LaneState::kFree);
  const LaneGrant granted = lane_table.grant({}, 0, 9);
  EXPECT_EQ(granted.lane, lane);
  EXPECT_EQ(granted.generation, 1u);
  EXPECT_EQ(granted.cur, 2u);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
}

TEST_F(LaneTest, ALaneOutOfEpochsIsNeverUsedAgain) {
  lane_table.set_budget(1);
  const LaneId lane = grant();
  lane_table.retire(lane, kEpochLimit, kEpochLimit, {});
  const Clock clock = knowing(lane, kEpochLimit);
  EXPECT_FALSE(lane_table.reserve(lane, clock));
  EXPECT_FALSE(lane_table.collect(lane, lane_table.begin_round()));
  EXPECT_EQ(grant(0, clock), kNoLane);
}

TEST_F(LaneTest, EveryLaneIsHandedOutOnceBeforeAnyIsDropped) {
  const LaneId lanes = kLaneLimit < 10000 ? kLaneLimit : 10000;
  lane_table.set_budget(lanes);
  std::set<LaneId> seen;
  for (LaneId i = 0; i < lanes; ++i) {
    const LaneId lane = grant(i % 7);
    EXPECT_TRUE(seen.insert(lane).second);
    EXPECT_LT(lane, kLaneLimit);
    retire_dirty(lane);
  }
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
  grant();
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 1u);
}

}  // namespace
}  // namespace fibersan
