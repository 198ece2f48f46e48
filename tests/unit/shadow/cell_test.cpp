// One cell and two fibers: every pair of kinds and masks, and what is left in the slots.
#include "detector/shadow/cell.h"

#include <gtest/gtest.h>

#include <bit>
#include <iterator>
#include <set>

#include "tests/unit/shadow/one_cell.h"

namespace fibersan {
namespace {

constexpr AccessKind kKinds[] = {AccessKind::kWrite, AccessKind::kRead, AccessKind::kAtomicWrite,
                                 AccessKind::kAtomicRead};
constexpr uint8_t kMasks[] = {0x01, 0x02, 0x80, 0x03, 0x0c, 0xc0, 0x0f, 0xf0, 0x3c, 0xff};

bool conflict(AccessKind a, AccessKind b) {
  const auto reads = [](AccessKind kind) { return stamp_is_read(static_cast<Stamp>(kind)); };
  const auto atomic = [](AccessKind kind) { return stamp_is_atomic(static_cast<Stamp>(kind)); };
  return !(reads(a) && reads(b)) && !(atomic(a) && atomic(b));
}

class OneCell : public ::testing::Test {
 protected:
  void SetUp() override {
    for (FiberClock& fiber : fibers) {
      fiber.start(SpawnSnapshot{}, 0, static_cast<uint64_t>(&fiber - fibers) + 1);
    }
  }
  void TearDown() override {
    clear_extended(cell);
    for (FiberClock& fiber : fibers) fiber.end();
  }
  Stamp stamp(int fiber, AccessKind kind, uint8_t mask) {
    return with_mask(with_kind(fibers[fiber].stamp(), kind), mask);
  }
  // One of the stamps that the access races with, or 0.
  Stamp access(int fiber, AccessKind kind, uint8_t mask) {
    const Races races = access_cell<SharedSlots>(cell, stamp(fiber, kind, mask), fibers[fiber]);
    return races.empty() ? 0 : races.begin()->stamp;
  }
  void hand_over(int from, int to) {
    fibers[from].release(sync);
    fibers[to].acquire(sync);
  }
  int used_slots() const { return (cell.slots[0] != 0) + (cell.slots[1] != 0); }

  Cell cell{{0, 0}};
  FiberClock fibers[4];
  Sync sync;
};

TEST_F(OneCell, EveryPairOfUnorderedAccesses) {
  for (AccessKind first : kKinds) {
    for (AccessKind second : kKinds) {
      for (uint8_t mask : kMasks) {
        for (uint8_t other : kMasks) {
          clear_extended(cell);
          ASSERT_EQ(access(0, first, mask), 0u);
          const bool expected = conflict(first, second) && (mask & other) != 0;
          const Stamp race = access(1, second, other);
          ASSERT_EQ(race != 0, expected) << static_cast<Stamp>(first) << " " << int{mask} << ", "
                                         << static_cast<Stamp>(second) << " " << int{other};
          if (expected) ASSERT_EQ(race, stamp(0, first, mask));
        }
      }
    }
  }
}

TEST_F(OneCell, NoPairOfOrderedAccesses) {
  for (AccessKind first : kKinds) {
    for (AccessKind second : kKinds) {
      for (uint8_t mask : kMasks) {
        clear_extended(cell);
        access(0, first, mask);
        hand_over(0, 1);
        ASSERT_EQ(access(1, second, 0xff), 0u);
      }
    }
  }
}

TEST_F(OneCell, NoFiberRacesWithItself) {
  for (AccessKind first : kKinds) {
    for (AccessKind second : kKinds) {
      clear_extended(cell);
      access(0, first, 0x0f);
      fibers[0].release(sync);
      ASSERT_EQ(access(0, second, 0xff), 0u);
    }
  }
}

TEST_F(OneCell, ReadsAreCoveredByWritesOfTheSegment) {
  access(0, AccessKind::kWrite, 0xff);
  const Cell before = cell;
  EXPECT_TRUE(cell_covers(cell, stamp(0, AccessKind::kRead, 0x0f)));
  EXPECT_TRUE(cell_covers(cell, stamp(0, AccessKind::kAtomicWrite, 0x0f)));
  access(0, AccessKind::kRead, 0x0f);
  EXPECT_EQ(cell.slots[0], before.slots[0]);
  EXPECT_EQ(cell.slots[1], before.slots[1]);
  EXPECT_FALSE(cell_covers(cell, stamp(1, AccessKind::kRead, 0x0f)));
}

// C3
TEST_F(OneCell, MasksOfOneSegmentAndKindAreMerged) {
  access(0, AccessKind::kWrite, 0x01);
  access(0, AccessKind::kWrite, 0x80);
  EXPECT_EQ(used_slots(), 1);
  EXPECT_TRUE(cell_covers(cell, stamp(0, AccessKind::kWrite, 0x81)));
  EXPECT_FALSE(cell_covers(cell, stamp(0, AccessKind::kWrite, 0x02)));
}
TEST_F(OneCell, MasksOfTwoSegmentsAreNot) {
  access(0, AccessKind::kWrite, 0x01);
  fibers[0].release(sync);
  access(0, AccessKind::kWrite, 0x80);
  EXPECT_EQ(used_slots(), 2);
}
TEST_F(OneCell, MasksOfTwoKindsAreNot) {
  access(0, AccessKind::kRead, 0x01);
  access(0, AccessKind::kAtomicRead, 0x80);
  EXPECT_EQ(used_slots(), 2);
}

// E4
TEST_F(OneCell, EveryStampIsVisited) {
  std::set<LaneId> expected;
  EXPECT_EQ(lanes_of(cell), expected);
  for (int i = 0; i < 4; ++i) {
    access(i, AccessKind::kRead, 0xff);
    expected.insert(fibers[i].lane());
    EXPECT_EQ(lanes_of(cell), expected);
    EXPECT_EQ(stamp_is_extended(cell.slots[0]), i >= 2);
  }
}

// C2
TEST_F(OneCell, OrderedWriteReplacesWhatItCovers) {
  access(0, AccessKind::kRead, 0x0f);
  access(1, AccessKind::kRead, 0x0f);
  hand_over(0, 2);
  hand_over(1, 2);
  access(2, AccessKind::kWrite, 0xff);
  EXPECT_FALSE(stamp_is_extended(cell.slots[0]));
  EXPECT_EQ(access(3, AccessKind::kRead, 0x01), stamp(2, AccessKind::kWrite, 0xff));
}
TEST_F(OneCell, OrderedReadDoesNotReplaceAWrite) {
  access(0, AccessKind::kWrite, 0x0f);
  hand_over(0, 1);
  access(1, AccessKind::kRead, 0xff);
  EXPECT_NE(access(2, AccessKind::kRead, 0x0f), 0u);
}
TEST_F(OneCell, OrderedAtomicWriteDoesNotReplaceAPlainOne) {
  access(0, AccessKind::kWrite, 0x0f);
  hand_over(0, 1);
  access(1, AccessKind::kAtomicWrite, 0xff);
  EXPECT_NE(access(2, AccessKind::kAtomicRead, 0x0f), 0u);
}
TEST_F(OneCell, OrderedWriteOfFewerBytesDoesNotReplace) {
  const Stamp first = stamp(0, AccessKind::kWrite, 0x0f);
  access(0, AccessKind::kWrite, 0x0f);
  hand_over(0, 1);
  access(1, AccessKind::kWrite, 0x03);
  EXPECT_EQ(access(2, AccessKind::kRead, 0x0c), first);
}

// Bytes that a segment accessed before it learned of a stamp do not replace it afterwards.
TEST_F(OneCell, BytesFromBeforeAnAcquireReplaceNothing) {
  access(0, AccessKind::kWrite, 0xff);
  access(1, AccessKind::kWrite, 0x0f);
  access(2, AccessKind::kRead, 0xf0);
  hand_over(0, 1);
  access(1, AccessKind::kWrite, 0xf0);
  const Races races = access_cell<SharedSlots>(cell, stamp(3, AccessKind::kRead, 0x01), fibers[3]);
  EXPECT_EQ(races.end() - races.begin(), 2);  // with both writes of the first byte
}

// More than two stamps.
TEST_F(OneCell, ThreeUnorderedReadersAllMatter) {
  const uint64_t before = extended_cells();
  for (int reader : {0, 1, 2}) access(reader, AccessKind::kRead, 0xff);
  EXPECT_TRUE(stamp_is_extended(cell.slots[0]));
  EXPECT_EQ(extended_cells(), before + 1);
  // C4: the newest is covered without a look at the record.
  EXPECT_TRUE(cell_covers(cell, stamp(2, AccessKind::kRead, 0x0f)));
  for (int reader : {0, 1, 2}) {
    if (reader != 1) hand_over(reader, 3);
  }
  EXPECT_EQ(access(3, AccessKind::kWrite, 0x01), stamp(1, AccessKind::kRead, 0xff));
}
TEST_F(OneCell, EveryReaderIsAPairOfTheWriters) {
  for (int reader : {0, 1, 2}) access(reader, AccessKind::kRead, 0xff);
  const Races races = access_cell<SharedSlots>(cell, stamp(3, AccessKind::kWrite, 0x10), fibers[3]);
  EXPECT_EQ(races.end() - races.begin(), 3);
}
TEST_F(OneCell, OrderedWriteEndsARecord) {
  const uint64_t before = extended_cells();
  for (int reader : {0, 1, 2}) {
    access(reader, AccessKind::kRead, 0xff);
    hand_over(reader, 3);
  }
  EXPECT_EQ(access(3, AccessKind::kWrite, 0xff), 0u);
  EXPECT_EQ(extended_cells(), before);
  EXPECT_EQ(cell.slots[0], stamp(3, AccessKind::kWrite, 0xff));
  EXPECT_EQ(cell.slots[1], 0u);
}

}  // namespace
}  // namespace fibersan
