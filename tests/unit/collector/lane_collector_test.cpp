// Fibers that nobody waits for: their lanes come back, and nothing that they did is lost.
#include "detector/collector/lane_collector.h"

#include <barrier>
#include <memory>
#include <thread>
#include <vector>

#include "detector/clock/lane.h"
#include "detector/shadow/extended.h"
#include "detector/shadow/shadow.h"
#include "tests/unit/shadow/fake_fiber.h"
#include "tests/unit/shadow/one_cell.h"

namespace fibersan {
namespace {

class Collector : public HooksTest {
 protected:
  // Fresh memory for each one, as if from malloc: they race with nobody.
  static void run_many(int count) {
    for (int i = 0; i < count; ++i) {
      FakeFiber fiber;
      char* const block = data + 8 + i % 256 * 8;
      EXPECT_EQ(fiber.run([&] {
        memory_allocated(reinterpret_cast<uintptr_t>(block), 8);
        __fsan_write8(block, 1);
      }),
                0);
    }
  }
  static LaneState state_of(Stamp stamp) { return lane_table.state(stamp_lane(stamp)); }
};

TEST_F(Collector, FibersThatNobodyWaitsForNeedFewLanes) {
  const LaneId before = lane_table.lanes_created();
  const uint64_t rounds = lane_collector.totals().rounds;
  run_many(60000);
  EXPECT_LE(lane_table.lanes_created() - before, 3u * 4096);
  EXPECT_GE(lane_collector.totals().rounds - rounds, 5u);
  EXPECT_EQ(lane_table.forgotten().lanes_reused, 0u);
}

TEST_F(Collector, WhatIsStampedStaysKnown) {
  Stamp left = 0;
  {
    FakeFiber fiber;
    fiber.run([&] {
      __fsan_write8(data, 1);
      left = __fsan_running.stamp;
    });
  }
  for (int i = 0; i < 4; ++i) {
    run_many(3000);
    lane_collector.collect();
    EXPECT_EQ(state_of(left), LaneState::kRetired);
  }
  FakeFiber other;
  EXPECT_EQ(other.run([] { __fsan_write8(data, 1); }), 1);
  EXPECT_EQ(stamp_lane(recorded.last.previous), stamp_lane(left));
  EXPECT_EQ(stamp_epoch(recorded.last.previous), stamp_epoch(left));
}

TEST_F(Collector, LanesInARecordStayUntilItsMemoryIsGivenBack) {
  constexpr int kReaders = 40;
  std::vector<Stamp> left;
  for (int i = 0; i < kReaders; ++i) {
    FakeFiber fiber;
    fiber.run([&] {
      __fsan_read8(data, 1);
      left.push_back(__fsan_running.stamp);
    });
  }
  lane_collector.collect();
  for (Stamp stamp : left) EXPECT_EQ(state_of(stamp), LaneState::kRetired);
  memory_allocated(reinterpret_cast<uintptr_t>(data), 8);
  lane_collector.collect();
  for (Stamp stamp : left) EXPECT_EQ(state_of(stamp), LaneState::kFree);
}

// A fiber has ended and left a stamp that nothing replaces. Two threads read its cell, which
// gets a record at some moment of the round.
TEST(CollectorStress, ACellThatInflatesMeanwhileHidesNothing) {
  constexpr int kTrials = 4000;
  alignas(8) static char bytes[8];
  Cell& cell = cell_at(reinterpret_cast<uintptr_t>(bytes));
  std::barrier together(3);
  const auto reader = [&](unsigned processor) {
    for (int trial = 0; trial < kTrials; ++trial) {
      FiberClock clocks[2];
      for (FiberClock& clock : clocks) clock.start(SpawnSnapshot{}, processor, 1);
      together.arrive_and_wait();
      for (FiberClock& clock : clocks) {
        access_cell<SharedSlots>(cell, with_mask(with_kind(clock.stamp(), AccessKind::kRead), 0xff),
                                 clock);
      }
      together.arrive_and_wait();
      for (FiberClock& clock : clocks) clock.end();
    }
  };
  std::thread first(reader, 1);
  std::thread second(reader, 2);
  for (int trial = 0; trial < kTrials; ++trial) {
    FiberClock ended;
    ended.start(SpawnSnapshot{}, 0, 1);
    const LaneId lane = ended.lane();
    const AccessKind kind = trial % 2 == 0 ? AccessKind::kWrite : AccessKind::kRead;
    access_cell<SharedSlots>(cell, with_mask(with_kind(ended.stamp(), kind), 0xff), ended);
    ended.end();
    together.arrive_and_wait();
    lane_collector.collect();
    EXPECT_EQ(lane_table.state(lane), LaneState::kRetired) << trial;
    together.arrive_and_wait();
    clear_extended(cell);
  }
  first.join();
  second.join();
  lane_collector.collect();
}

}  // namespace
}  // namespace fibersan
