// Built with 6 bits of lanes and of epochs: both run out.
#include "tests/unit/clock/fiber_clock_fixture.h"

namespace fibersan {
namespace {

TEST_F(FiberClockTest, RunningOutOfEpochsContinuesOnAnotherLane) {
  Sync sync;
  auto a = child_of(main);
  std::vector<Stamp> stamps;
  for (Epoch i = 0; i < 2 * kEpochLimit; ++i) {
    stamps.push_back(access(main));
    EXPECT_FALSE(a->covers(stamps.back()));
    main.release(sync);
    a->acquire(sync);
    EXPECT_TRUE(a->covers(stamps.back()));
  }
  for (const Stamp stamp : stamps) EXPECT_TRUE(main.covers(stamp));
  EXPECT_EQ(lane_table.forgotten().epochs_exhausted, 0u);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
  a->end();
}

TEST_F(FiberClockTest, WithoutEpochAndLaneKnowledgeStillFlows) {
  main.end();
  lane_table.reset();
  lane_table.set_budget(2);
  main.start({}, 0, 1);
  auto a = child_of(main);
  Sync sync;
  for (Epoch i = 0; i < 2 * kEpochLimit; ++i) {
    const Stamp of_main = access(main);
    main.release(sync);
    a->acquire(sync);
    EXPECT_TRUE(a->covers(of_main));
  }
  EXPECT_GT(lane_table.forgotten().epochs_exhausted, 0u);
  a->end();
}

}  // namespace
}  // namespace fibersan
