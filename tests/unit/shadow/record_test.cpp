// Cells that many fibers read: each is remembered, at a cost that does not depend on how many
// there are, within a budget; a write that knows them all leaves a cell as it was before.
#include "detector/shadow/record.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "detector/shadow/record_memory.h"
#include "tests/unit/shadow/one_cell.h"

namespace fibersan {
namespace {

constexpr size_t kMany = 100000;

class ManyReaders : public ::testing::Test {
 protected:
  // The first record maps a piece of them, which would count as the first test's own.
  static void SetUpTestSuite() {
    lane_table.reset();
    Cell first{{0, 0}};
    FiberClock readers[3];
    for (FiberClock& reader : readers) {
      reader.start(SpawnSnapshot{}, 0, 1);
      access_cell<SharedSlots>(first, with_kind(reader.stamp(), AccessKind::kRead), reader);
    }
    clear_extended(first);
    for (FiberClock& reader : readers) reader.end();
  }
  void SetUp() override {
    lane_table.reset();
    memory_ = record_memory_in_use();
    dropped_ = dropped_stamps();
    writer.start(SpawnSnapshot{}, 0, 1);
  }
  void TearDown() override {
    clear_extended(cell);
    for (size_t i = 0; i < count_; ++i) fibers_[i].end();
    writer.end();
    set_record_budget(kRecordBudget);
    set_waits_before_shards(8);
  }
  // That nothing orders. `knows`: their Sync is left to `writer`.
  void read(size_t count, uint8_t mask = 0xff) {
    fibers_ = std::make_unique<FiberClock[]>(count);
    count_ = count;
    for (size_t i = 0; i < count; ++i) {
      fibers_[i].start(SpawnSnapshot{}, static_cast<unsigned>(i % 4), i + 2);
      access(fibers_[i], AccessKind::kRead, mask);
      fibers_[i].merge(all_read);
    }
  }
  size_t access(FiberClock& fiber, AccessKind kind, uint8_t mask) {
    const Stamp stamp = with_mask(with_kind(fiber.stamp(), kind), mask);
    const Races races = access_cell<SharedSlots>(cell, stamp, fiber);
    return static_cast<size_t>(races.end() - races.begin());
  }
  bool extended() const { return stamp_is_extended(cell.slots[0]); }
  uint64_t dropped() const { return dropped_stamps() - dropped_; }

  Cell cell{{0, 0}};
  FiberClock writer;
  Sync all_read;
  std::unique_ptr<FiberClock[]> fibers_;
  size_t count_ = 0;
  uint64_t memory_ = 0;
  uint64_t dropped_ = 0;
};

// E2
TEST_F(ManyReaders, AreAllRemembered) {
  read(kMany);
  EXPECT_EQ(dropped(), 0u);
  EXPECT_EQ(lanes_of(cell).size(), kMany);
  EXPECT_LT(record_memory_in_use() - memory_, 40 * kMany);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0x01), kMany);
}

// E5, and the memory is used again.
TEST_F(ManyReaders, AWriteThatKnowsThemDeflatesTheCell) {
  read(kMany);
  writer.acquire(all_read);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0xff), 0u);
  EXPECT_FALSE(extended());
  EXPECT_EQ(cell.slots[0], with_mask(writer.stamp(), 0xff));
  EXPECT_EQ(cell.slots[1], 0u);
  EXPECT_LE(record_memory_in_use(), memory_ + (2u << 20));  // the piece that records lie in
}
TEST_F(ManyReaders, AWriteThatKnowsAllButOneRacesWithThatOne) {
  read(1000);
  writer.acquire(all_read);
  FiberClock other;
  other.start(SpawnSnapshot{}, 0, 5000);
  access(other, AccessKind::kRead, 0x10);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0xff), 1u);
  EXPECT_FALSE(extended());  // two fit into the slots
  EXPECT_EQ(lanes_of(cell), (std::set<LaneId>{writer.lane(), other.lane()}));
  other.end();
}
// E5: another's write and the own reads of a part, then of all of an earlier epoch's bytes.
TEST_F(ManyReaders, WhatFitsIntoTheSlotsGoesBackThere) {
  const uint64_t before = extended_cells();
  access(writer, AccessKind::kWrite, 0xff);
  FiberClock reader;
  reader.start(SpawnSnapshot{}, 0, 5000);
  EXPECT_EQ(access(reader, AccessKind::kRead, 0xff), 1u);
  reader.release(all_read);
  EXPECT_EQ(access(reader, AccessKind::kRead, 0x0f), 1u);
  EXPECT_TRUE(extended());
  EXPECT_EQ(extended_cells(), before + 1);
  EXPECT_EQ(access(reader, AccessKind::kRead, 0xf0), 1u);
  EXPECT_FALSE(extended());
  EXPECT_EQ(extended_cells(), before);
  EXPECT_EQ(cell.slots[0], with_mask(writer.stamp(), 0xff));
  EXPECT_EQ(cell.slots[1], with_mask(with_kind(reader.stamp(), AccessKind::kRead), 0xff));
  reader.end();
}
// C2, byte by byte: the bytes that were not written are still read by all.
TEST_F(ManyReaders, AWriteOfOneByteLeavesTheOthers) {
  read(100, 0x0f);
  writer.acquire(all_read);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0x01), 0u);
  FiberClock other;
  other.start(SpawnSnapshot{}, 0, 5000);
  EXPECT_EQ(access(other, AccessKind::kWrite, 0x01), 1u);  // with the writer
  EXPECT_EQ(access(other, AccessKind::kWrite, 0x02), 100u);
  other.end();
}
TEST_F(ManyReaders, AWriteOfOtherBytesRacesWithNone) {
  read(1000, 0x0f);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0xf0), 0u);
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0x08), 1000u);
}

// R4. `first` is ordered before `knows` only in its first epoch.
TEST_F(ManyReaders, AnAccessTakesItsOwnBytesFromAnEarlierEpoch) {
  FiberClock first;
  FiberClock knows;
  FiberClock other;
  first.start(SpawnSnapshot{}, 0, 2);
  access(first, AccessKind::kWrite, 0x0f);
  access(first, AccessKind::kRead, 0xf0);
  first.release(all_read);
  access(first, AccessKind::kWrite, 0x03);
  ASSERT_TRUE(extended());
  knows.start(SpawnSnapshot{}, 0, 3);
  knows.acquire(all_read);
  EXPECT_EQ(access(knows, AccessKind::kRead, 0x04), 0u);
  EXPECT_EQ(access(knows, AccessKind::kRead, 0x01), 1u);
  other.start(SpawnSnapshot{}, 0, 4);
  EXPECT_EQ(access(other, AccessKind::kRead, 0x08), 1u);
  EXPECT_EQ(access(other, AccessKind::kRead, 0x02), 1u);  // trimmed: once
  for (FiberClock* fiber : {&first, &knows, &other}) fiber->end();
}
TEST_F(ManyReaders, ALaneLeavesAWriteAndAReadOfEachByteAtMost) {
  Sync sync;
  uint32_t random = 1;
  for (int i = 0; i < 10000; ++i) {
    random = random * 1664525 + 1013904223;
    const auto mask = static_cast<uint8_t>((random >> 30 == 0 ? 3u : 1u) << (random >> 16) % 5);
    access(writer, (random >> 28 & 1) != 0 ? AccessKind::kRead : AccessKind::kWrite, mask);
    writer.release(sync);
    size_t count = 0;
    for_each_stamp(cell, [](Stamp, void* data) { ++*static_cast<size_t*>(data); }, &count);
    ASSERT_LE(count, 12u);  // of six bytes
  }
}

// S1: whoever reads again and again, knowing of each other, needs no more room.
TEST_F(ManyReaders, ThatAreOrderedTakeNoMemory) {
  read(20);  // a large record
  const uint64_t before = record_memory_in_use();
  for (size_t i = 0; i < 100000; ++i) {
    FiberClock& fiber = fibers_[i % 20];
    fiber.acquire(all_read);
    access(fiber, AccessKind::kRead, 0xff);
    fiber.merge(all_read);
  }
  EXPECT_LE(record_memory_in_use(), before);
  EXPECT_LE(lanes_of(cell).size(), 20u);
}
TEST_F(ManyReaders, EpochsOfALaneTakeOnePlace) {
  read(100);
  for (int i = 0; i < 1000; ++i) {
    fibers_[50].release(all_read);
    access(fibers_[50], AccessKind::kRead, 0xff);
  }
  size_t count = 0;
  for_each_stamp(cell, [](Stamp, void* data) { ++*static_cast<size_t*>(data); }, &count);
  EXPECT_EQ(count, 100u);
}

// E3, S2
TEST_F(ManyReaders, BeyondTheBudgetAreForgottenAndCounted) {
  read(0);
  set_record_budget(record_memory_in_use() + (1u << 20));
  read(kMany);
  EXPECT_GT(dropped(), kMany / 4);
  EXPECT_EQ(lanes_of(cell).size() + dropped(), kMany);
  EXPECT_LE(record_memory_in_use(), memory_ + (4u << 20));
  EXPECT_EQ(access(writer, AccessKind::kWrite, 0x01), kMany - dropped());
}
TEST_F(ManyReaders, WithoutAnyMemoryTwoAreKeptOrThirteen) {
  set_record_budget(0);
  read(1000);
  EXPECT_GE(dropped(), 1000u - Record::kSmall);
  EXPECT_EQ(lanes_of(cell).size() + dropped(), 1000u);
  EXPECT_NE(access(writer, AccessKind::kWrite, 0x01), 0u);
}
TEST_F(ManyReaders, ThoseThatEndedAreForgottenFirst) {
  read(0);
  constexpr size_t kAlive = 2000;
  auto ended = std::make_unique<FiberClock[]>(kAlive);
  for (size_t i = 0; i < kAlive; ++i) {
    ended[i].start(SpawnSnapshot{}, 0, kMany + i);
    access(ended[i], AccessKind::kRead, 0xff);
    ended[i].end();
  }
  set_record_budget(record_memory_in_use());
  read(kAlive);
  EXPECT_GT(dropped(), 0u);
  const std::set<LaneId> left = lanes_of(cell);
  for (size_t i = 0; i < kAlive; ++i) EXPECT_TRUE(left.contains(fibers_[i].lane())) << i;
}

// races.h: each is reported, also the one beyond what is kept within; what finds no room is
// counted.
TEST_F(ManyReaders, RaceWithAWriteOneByOne) {
  const uint64_t dropped_before = dropped_races();
  for (const size_t count : {7, 8, 9, 100, 5000, 9, 3000}) {
    read(count);
    Races races = access_cell<SharedSlots>(cell, with_mask(writer.stamp(), 0xff), writer);
    std::set<LaneId> lanes;
    for (const Race& race : races) lanes.insert(stamp_lane(race.stamp));
    EXPECT_EQ(races.size(), count);
    EXPECT_EQ(lanes.size(), count);
    races = Races();
    clear_extended(cell);
  }
  EXPECT_EQ(dropped_races(), dropped_before);
}
TEST_F(ManyReaders, BeyondWhatOneAccessReportsAreCounted) {
  read(1000);
  const uint64_t dropped_before = dropped_races();
  for (const uint32_t most : {0u, 100u}) {
    set_most_races(most);
    const size_t reported = access(writer, AccessKind::kWrite, most == 0 ? 0x01 : 0x02);
    EXPECT_EQ(reported, most == 0 ? Races::kWithin : most);
  }
  set_most_races(Races::kMost);
  EXPECT_EQ(dropped_races() - dropped_before, 2000u - Races::kWithin - 100);
}
TEST(RacesOfOneAccess, AreKeptOnceForEachSegmentAndKind) {
  Races races;
  for (int round = 0; round < 2; ++round)
    for (uint32_t i = 0; i < 20000; ++i)
      races.add(make_stamp(i % 10000 + 1, 1, AccessKind::kRead, static_cast<uint8_t>(1 + round)),
                8 * (i % 10000));
  EXPECT_EQ(races.size(), 10000u);
  uintptr_t cell = 0;
  for (const Race& race : races) EXPECT_EQ(std::exchange(cell, cell + 8), race.cell);
  const Races moved = std::move(races);
  EXPECT_EQ(moved.size(), 10000u);
  EXPECT_TRUE(races.empty());  // NOLINT(bugprone-use-after-move): that it can be used is tested
}

TEST(RacesOfOneAccess, AreKeptOnceForEachRunOfCells) {
  for (const uint32_t others : {0u, 100u}) {  // within, and in a store
    Races races;
    for (uint32_t i = 0; i < others; ++i) races.add(make_stamp(i + 2, 1, AccessKind::kRead, 1), 0);
    for (const uintptr_t cell : {80u, 88u, 96u, 88u, 200u, 208u})
      races.add(make_stamp(1, 1, AccessKind::kRead, 0xff), cell);
    ASSERT_EQ(races.size(), others + 2);
    const Race* const last = races.begin() + others;
    EXPECT_EQ(last[0].cell, 80u);
    EXPECT_EQ(last[0].cells, 3u);
    EXPECT_EQ(last[1].cell, 200u);
    EXPECT_EQ(last[1].cells, 2u);
  }
}

// With every thread in its shard, a reader meets every writer and the other way round.
TEST_F(ManyReaders, OnThreadsOfTheirOwn) {
  Sync own;
  for (const unsigned waits : {0u, 1u, 255u}) {
    set_waits_before_shards(waits);
    constexpr size_t kThreads = 4;
    constexpr size_t kEach = 2000;
    std::unique_ptr<FiberClock[]> fibers = std::make_unique<FiberClock[]>(kThreads * kEach);
    for (size_t i = 0; i < kThreads * kEach; ++i)
      fibers[i].start(SpawnSnapshot{}, static_cast<unsigned>(i / kEach), i + 2);
    {
      std::vector<std::jthread> threads;
      for (size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (size_t i = t * kEach; i < (t + 1) * kEach; ++i)
            access(fibers[i], AccessKind::kRead, 0xff);
        });
      }
    }
    EXPECT_EQ(lanes_of(cell).size(), kThreads * kEach);
    EXPECT_EQ(access(writer, AccessKind::kWrite, 0xff), kThreads * kEach);
    for (size_t i = 0; i < kThreads * kEach; ++i) {
      fibers[i].release(all_read);
      writer.acquire(all_read);
      fibers[i].end();
    }
    writer.release(own);  // the segment of the write that raced is over
    EXPECT_EQ(access(writer, AccessKind::kWrite, 0xff), 0u);
    EXPECT_FALSE(extended()) << waits;
    clear_extended(cell);
  }
  EXPECT_EQ(dropped(), 0u);
}

}  // namespace
}  // namespace fibersan
