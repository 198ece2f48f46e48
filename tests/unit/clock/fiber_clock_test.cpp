#include "tests/unit/clock/fiber_clock_fixture.h"

namespace fibersan {
namespace {

TEST_F(FiberClockTest, StampHasLaneAndEpochOnly) {
  EXPECT_EQ(main.stamp(), make_stamp(main.lane(), main.epoch()));
  EXPECT_NE(main.stamp(), 0u);
  EXPECT_EQ(main.stamp() & (kStampMaskBits | kStampKindField), 0u);
}

TEST_F(FiberClockTest, ReleaseTicksOnlyWhenThereIsSomethingNew) {
  Sync sync;
  main.release(sync);  // the first one always does
  const Epoch epoch = main.epoch();
  main.release(sync);
  main.release(sync);
  EXPECT_EQ(main.epoch(), epoch);
  main.touched();
  main.release(sync);
  EXPECT_EQ(main.epoch(), epoch + 1);
  EXPECT_EQ(sync.last_releaser().epoch, epoch);
}

TEST_F(FiberClockTest, SpawnOrdersTheChildAfterThePastOnly) {
  const Stamp before = access(main);
  auto child = child_of(main);
  const Stamp after = access(main);
  EXPECT_TRUE(child->covers(before));
  EXPECT_FALSE(child->covers(after));
  EXPECT_FALSE(main.covers(access(*child)));
  child->end();
}

TEST_F(FiberClockTest, AcquireOrdersAfterTheReleaseOnly) {
  auto a = child_of(main);
  auto b = child_of(main);
  Sync sync;
  const Stamp before = access(*a);
  a->release(sync);
  const Stamp after = access(*a);
  EXPECT_FALSE(b->covers(before));
  b->acquire(sync);
  EXPECT_TRUE(b->covers(before));
  EXPECT_FALSE(b->covers(after));
  a->end();
  b->end();
}

TEST_F(FiberClockTest, AcquireOfWhatIsKnownDoesNotTick) {
  auto a = child_of(main);
  Sync sync;
  access(*a);
  a->release(sync);
  main.acquire(sync);
  main.release(sync);
  const Epoch epoch = main.epoch();
  a->acquire(sync);
  a->release(sync);
  main.acquire(sync);  // learns that a knew main's release
  main.release(sync);
  main.acquire(sync);
  main.release(sync);
  EXPECT_LE(main.epoch(), epoch + 1);
  a->end();
}

TEST_F(FiberClockTest, ReleaseOverwritesAndMergeAdds) {
  auto a = child_of(main);
  auto b = child_of(main);
  Sync released;
  Sync merged;
  const Stamp of_a = access(*a);
  a->release(released);
  a->merge(merged);
  const Stamp of_b = access(*b);
  b->release(released);
  b->merge(merged);
  main.acquire(released);
  EXPECT_FALSE(main.covers(of_a));
  EXPECT_TRUE(main.covers(of_b));
  main.acquire(merged);
  EXPECT_TRUE(main.covers(of_a));
  a->end();
  b->end();
}

TEST_F(FiberClockTest, MergesArePendingOnlyUpToALimit) {
  Sync sync;
  std::vector<std::unique_ptr<FiberClock>> children;
  std::vector<Stamp> stamps;
  for (int i = 0; i < 100; ++i) {
    children.push_back(child_of(main));
    stamps.push_back(access(*children.back()));
    children.back()->merge(sync);
    EXPECT_LT(sync.pending(), Sync::kPendingLimit);
  }
  main.acquire(sync);
  EXPECT_EQ(sync.pending(), 0u);
  for (const Stamp stamp : stamps) EXPECT_TRUE(main.covers(stamp));
  for (auto& child : children) child->end();
}

TEST_F(FiberClockTest, MergeByTheSameFiberAgainAndAgainStaysOne) {
  auto a = child_of(main);
  Sync sync;
  access(main);
  main.merge(sync);
  for (Epoch i = 0; i < 30; ++i) {  // 6 bits of epochs are enough for this
    access(*a);
    a->merge(sync);
    EXPECT_LE(sync.pending(), 1u);
  }
  a->end();
}

TEST_F(FiberClockTest, SwapLeavesWhatWasKnownBefore) {
  auto a = child_of(main);
  auto b = child_of(main);
  Sync slot;
  const Stamp of_a = access(*a);
  a->swap(slot);
  b->swap(slot);
  EXPECT_TRUE(b->covers(of_a));
  auto c = child_of(main);
  c->acquire(slot);
  EXPECT_FALSE(c->covers(of_a));
  a->end();
  b->end();
  c->end();
}

TEST_F(FiberClockTest, ChildOfAJoinedChildTakesItsLane) {
  Sync done;
  auto a = child_of(main);
  const LaneId lane = a->lane();
  const Stamp first = access(*a);
  a->release(done);
  a->end();
  main.acquire(done);
  auto b = child_of(main, /*processor=*/3);
  EXPECT_EQ(b->lane(), lane);
  EXPECT_GT(b->epoch(), stamp_epoch(first));
  b->end();
}

// However much the parent has learned, a thousand children share its tree, and joining
// what they merge compares it once.
TEST_F(FiberClockTest, ChildrenShareTheTreeOfTheirParent) {
  for (int learned = 0; learned < 12; ++learned) {
    Sync sync;
    auto teacher = child_of(main);
    access(*teacher);
    teacher->release(sync);
    main.acquire(sync);
    std::vector<std::unique_ptr<FiberClock>> children(20);
    Sync done;
    for (auto& child : children) child = child_of(main);
    for (auto& child : children) {
      access(*child);
      child->merge(done);
      EXPECT_EQ(child->clock().root(), main.clock().root());
      child->end();
    }
    teacher->end();
  }
}

TEST_F(FiberClockTest, UnusedSnapshotGivesItsLaneBack) {
  Sync done;
  auto a = child_of(main);
  const LaneId lane = a->lane();
  a->release(done);
  a->end();
  main.acquire(done);
  {
    const SpawnSnapshot never_run = main.spawn();
  }
  EXPECT_EQ(lane_table.state(lane), LaneState::kRetired);
  SpawnSnapshot overwritten = main.spawn();
  overwritten = SpawnSnapshot();
  EXPECT_EQ(lane_table.state(lane), LaneState::kRetired);
}

TEST_F(FiberClockTest, WithoutALaneAccessesAreCheckedButNotRecorded) {
  lane_table.reset();
  main.end();
  lane_table.reset();
  lane_table.set_budget(2);
  main.start({}, 0, 1);
  auto a = child_of(main);
  const Stamp of_a = access(*a);
  auto b = child_of(main);
  EXPECT_EQ(b->stamp(), 0u);
  EXPECT_FALSE(b->covers(of_a));
  Sync sync;
  a->release(sync);
  b->acquire(sync);
  EXPECT_TRUE(b->covers(of_a));
  Sync handed_on;
  b->release(handed_on);
  main.acquire(handed_on);
  EXPECT_TRUE(main.covers(of_a));
  EXPECT_EQ(lane_table.forgotten().fibers_without_lane, 1u);
  a->end();
  b->end();
}

TEST_F(FiberClockTest, AcquireEndedKnowsTheUnjoined) {
  auto a = child_of(main);
  auto b = child_of(main);
  const Stamp of_a = access(*a);
  const Stamp of_b = access(*b);
  a->end();
  main.acquire_ended([](uint64_t) { return true; });
  EXPECT_TRUE(main.covers(of_a));
  EXPECT_FALSE(main.covers(of_b));
  b->end();
}

// What an ended fiber had learned from a living one is not part of acquire_ended(), so
// the join of what it released must not be skipped afterwards.
TEST_F(FiberClockTest, AcquireEndedKeepsTheShortCutHonest) {
  auto living = child_of(main);
  auto ended = child_of(main);
  const Stamp of_living = access(*living);
  Sync first;
  living->release(first);
  ended->acquire(first);
  Sync second;
  ended->release(second);
  ended->end();
  main.acquire_ended([](uint64_t) { return true; });
  EXPECT_FALSE(main.covers(of_living));
  main.acquire(second);
  EXPECT_TRUE(main.covers(of_living));
  living->end();
}

}  // namespace
}  // namespace fibersan
