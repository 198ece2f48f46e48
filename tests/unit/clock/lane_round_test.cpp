// Which lanes one round frees, and when the last resort is taken.
#include "detector/clock/lane_round.h"

#include <gtest/gtest.h>

#include "detector/clock/fiber_clock.h"

namespace fibersan {
namespace {

class LaneRoundTest : public ::testing::Test {
 protected:
  void SetUp() override { lane_table.reset(); }
  void TearDown() override { lane_table.reset(); }

  // A fiber that nothing happens before stamped once and ended.
  static Stamp ended_fiber() {
    FiberClock fiber;
    fiber.start(SpawnSnapshot{}, 0, 7);
    const Stamp stamp = with_mask(fiber.stamp(), 0xff);
    fiber.touched();
    fiber.end();
    return stamp;
  }
  static LaneState state_of(Stamp stamp) { return lane_table.state(stamp_lane(stamp)); }
  LaneId finish() {
    while (round.free_some(3)) {
    }
    return round.freed();
  }

  LaneRound round;
};

TEST_F(LaneRoundTest, LanesWithoutStampAreFree) {
  const Stamp gone = ended_fiber();
  const Stamp present = ended_fiber();
  EXPECT_EQ(lane_table.retired_lanes(), 2u);
  round.begin();
  round.saw(present);
  round.saw(0);
  round.saw(make_stamp(kExtendedLane, 1));
  round.saw(make_stamp(kFreedLane, 1));
  EXPECT_EQ(finish(), 1u);
  EXPECT_EQ(state_of(gone), LaneState::kFree);
  EXPECT_EQ(state_of(present), LaneState::kRetired);
  EXPECT_EQ(lane_table.retired_lanes(), 1u);
  EXPECT_EQ(lane_table.generation(stamp_lane(gone)), 1u);
  EXPECT_EQ(lane_table.generation(stamp_lane(present)), 0u);
}

TEST_F(LaneRoundTest, ALaneThatRetiredSinceTheBeginningStays) {
  const Stamp before = ended_fiber();
  FiberClock alive;
  alive.start(SpawnSnapshot{}, 0, 8);
  const Stamp late = alive.stamp();
  alive.touched();
  round.begin();
  alive.end();  // it may have stamped a cell that was looked at already
  const Stamp later = ended_fiber();
  EXPECT_EQ(finish(), 1u);
  EXPECT_EQ(state_of(before), LaneState::kFree);
  EXPECT_EQ(state_of(late), LaneState::kRetired);
  EXPECT_EQ(state_of(later), LaneState::kRetired);
  round.begin();
  EXPECT_EQ(finish(), 2u);
}

TEST_F(LaneRoundTest, ALaneThatWasTakenOverMeanwhileStays) {
  FiberClock parent;
  parent.start(SpawnSnapshot{}, 0, 1);
  FiberClock child;
  child.start(parent.spawn(), 0, 2);
  const LaneId lane = child.lane();
  Sync done;
  child.touched();
  child.release(done);
  child.end();
  round.begin();
  parent.acquire(done);
  FiberClock next;
  next.start(parent.spawn(), 0, 3);
  ASSERT_EQ(next.lane(), lane);
  next.touched();
  EXPECT_EQ(finish(), 0u);
  EXPECT_EQ(lane_table.state(lane), LaneState::kLive);
  next.end();
  EXPECT_FALSE(round.free_some(0));
  round.begin();
  EXPECT_EQ(finish(), 1u);
  parent.end();
}

// A reserved lane that was given back has no new stamps.
TEST_F(LaneRoundTest, ALaneThatWasOnlyReservedMeanwhileIsFreed) {
  FiberClock parent;
  parent.start(SpawnSnapshot{}, 0, 1);
  FiberClock child;
  child.start(parent.spawn(), 0, 2);
  const LaneId lane = child.lane();
  Sync done;
  child.release(done);
  child.end();
  parent.acquire(done);
  round.begin();
  {
    const SpawnSnapshot never_started = parent.spawn();
  }
  EXPECT_EQ(finish(), 1u);
  EXPECT_EQ(lane_table.state(lane), LaneState::kFree);
  parent.end();
}

int last_resorts;

TEST_F(LaneRoundTest, TheLastResortComesBeforeALossAndNotForEachFiber) {
  last_resorts = 0;
  lane_table.set_budget(16);
  lane_table.set_last_resort([] {
    ++last_resorts;
    LaneRound all;
    all.begin();
    while (all.free_some(64)) {
    }
  });
  for (int i = 0; i < 160; ++i) ended_fiber();
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
  EXPECT_EQ(last_resorts, 9);
  // Nothing is ever free again: one look for each two fibers (an eighth of the budget).
  lane_table.set_last_resort([] { ++last_resorts; });
  last_resorts = 0;
  for (int i = 0; i < 160; ++i) ended_fiber();
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 160u);
  EXPECT_LE(last_resorts, 54);
  EXPECT_GE(last_resorts, 40);
}

}  // namespace
}  // namespace fibersan
