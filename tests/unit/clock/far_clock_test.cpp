// Millions of fibers and releases.
#include "tests/unit/clock/fiber_clock_fixture.h"

namespace fibersan {
namespace {

TEST_F(FiberClockTest, EachProcessorHasItsOwnBlockOfLanes) {
  std::vector<std::unique_ptr<FiberClock>> children;
  for (const unsigned processor : {0u, 1u, 2u, 1u, 0u, kProcessorLists + 2u}) {
    children.push_back(child_of(main, processor));
    EXPECT_EQ(children.back()->lane() / kBlockLanes, processor % kProcessorLists);
  }
  for (auto& child : children) child->end();
}

// The distances of detector.md section 8 between the two accesses of a pair.
TEST_F(FiberClockTest, AMillionFibersBetweenThePair) {
  auto first = child_of(main);
  auto second = child_of(main);
  const Stamp early = access(*first);
  first->end();
  for (int i = 0; i < 1'000'000; ++i) {
    FiberClock other;
    other.start(main.spawn(), static_cast<unsigned>(i) % 4, 3);
    other.touched();
    other.end();
  }
  EXPECT_FALSE(second->covers(early));
  EXPECT_FALSE(main.covers(early));
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
  second->end();
}

TEST_F(FiberClockTest, AMillionJoinedFibersNeedTwoLanes) {
  Sync done;
  for (int i = 0; i < 1'000'000; ++i) {
    FiberClock other;
    other.start(main.spawn(), 0, 3);
    other.touched();
    other.release(done);
    other.end();
    main.acquire(done);
  }
  EXPECT_LE(lane_table.lanes_created(), 3u);
}

TEST_F(FiberClockTest, FiveMillionReleasesBetweenThePair) {
  auto other = child_of(main);
  const Stamp early = access(main);
  Sync mutex;
  for (int i = 0; i < 5'000'001; ++i) {
    main.touched();
    main.release(mutex);
  }
  EXPECT_FALSE(other->covers(early));
  other->acquire(mutex);
  EXPECT_TRUE(other->covers(early));
  other->end();
}

// Fire and forget under a budget: nothing grows.
TEST_F(FiberClockTest, AMillionForgottenFibersTakeNoMoreThanTheBudget) {
  main.end();
  lane_table.reset();
  lane_table.set_budget(1000);
  main.start({}, 0, 1);
  for (int i = 0; i < 1'000'000; ++i) {
    FiberClock other;
    other.start(main.spawn(), 0, 3);
    other.touched();
    other.end();
  }
  EXPECT_LE(lane_table.lanes_created(), 1000u);
  EXPECT_GT(lane_table.forgotten().lanes_reused, 0u);
}

}  // namespace
}  // namespace fibersan
