#include "detector/clock/stamp.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace fibersan {
namespace {

constexpr std::array kKinds{AccessKind::kWrite, AccessKind::kRead, AccessKind::kAtomicWrite,
                            AccessKind::kAtomicRead};

TEST(Stamp, BitsAreThoseOfTheHooks) {
  EXPECT_EQ(make_stamp(1, 0), 1ull << FSAN_STAMP_LANE_SHIFT);
  EXPECT_EQ(make_stamp(0, 1), 1ull << FSAN_STAMP_EPOCH_SHIFT);
  EXPECT_EQ(make_stamp(0, 0, AccessKind::kRead), FSAN_STAMP_READ);
  EXPECT_EQ(make_stamp(0, 0, AccessKind::kAtomicWrite), FSAN_STAMP_ATOMIC);
  EXPECT_EQ(make_stamp(0, 0, AccessKind::kWrite, 0x81), 0x81u);
}

TEST(Stamp, FieldsDoNotTouchEachOther) {
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    const LaneId lane = random() & ((1u << kStampLaneBits) - 1);
    const Epoch epoch = random() & ((1u << kStampEpochBits) - 1);
    const AccessKind kind = kKinds[random() % kKinds.size()];
    const auto mask = static_cast<std::uint8_t>(random());
    const Stamp stamp = make_stamp(lane, epoch, kind, mask);
    EXPECT_EQ(stamp_lane(stamp), lane);
    EXPECT_EQ(stamp_epoch(stamp), epoch);
    EXPECT_EQ(stamp_kind(stamp), kind);
    EXPECT_EQ(stamp_mask(stamp), mask);
    EXPECT_EQ(with_kind(with_mask(make_stamp(lane, epoch), mask), kind), stamp);
  }
}

TEST(Stamp, ReservedLanesAreNoLanes) {
  EXPECT_GE(kFreedLane, kLaneLimit);
  EXPECT_GE(kExtendedLane, kLaneLimit);
  EXPECT_NE(kFreedLane, kExtendedLane);
  EXPECT_TRUE(stamp_is_freed(make_stamp(kFreedLane, 5)));
  EXPECT_TRUE(stamp_is_extended(make_stamp(kExtendedLane, 5)));
  EXPECT_FALSE(stamp_is_freed(make_stamp(kLaneLimit - 1, 5)));
}

TEST(Stamp, OnlyPairsWithAWriteThatAreNotBothAtomicConflict) {
  for (const AccessKind a : kKinds) {
    for (const AccessKind b : kKinds) {
      const Stamp first = make_stamp(1, 1, a);
      const Stamp second = make_stamp(2, 1, b);
      const bool both_read = stamp_is_read(first) && stamp_is_read(second);
      const bool both_atomic = stamp_is_atomic(first) && stamp_is_atomic(second);
      EXPECT_EQ(kinds_conflict(first, second), !both_read && !both_atomic);
    }
  }
}

// The definition, by asking every access that could come later.
TEST(Stamp, SubsumesWhenEveryConflictOfTheInnerIsOneOfTheOuter) {
  for (const AccessKind outer_kind : kKinds) {
    for (const AccessKind inner_kind : kKinds) {
      bool implied = true;
      for (const AccessKind later : kKinds) {
        const Stamp probe = make_stamp(2, 1, later);
        implied = implied && (!kinds_conflict(make_stamp(1, 1, inner_kind), probe) ||
                              kinds_conflict(make_stamp(1, 1, outer_kind), probe));
      }
      EXPECT_EQ(stamp_subsumes(make_stamp(1, 1, outer_kind, 0x0f), make_stamp(1, 1, inner_kind, 1)),
                implied);
    }
  }
  EXPECT_FALSE(stamp_subsumes(make_stamp(1, 1, AccessKind::kWrite, 0x0f),
                              make_stamp(1, 1, AccessKind::kWrite, 0x10)));
  EXPECT_FALSE(stamp_subsumes(make_stamp(1, 2, AccessKind::kWrite, 0xff),
                              make_stamp(1, 1, AccessKind::kWrite, 0xff)));
}

// What is covered inline must be covered in truth; a read is covered by a write.
TEST(Stamp, InlineTestCoversOnlyWhatIsSubsumed) {
  for (const AccessKind slot_kind : kKinds) {
    for (const AccessKind wanted_kind : kKinds) {
      for (unsigned slot_mask = 0; slot_mask < 256; slot_mask += 3) {
        const Stamp slot = make_stamp(3, 9, slot_kind, static_cast<std::uint8_t>(slot_mask));
        const Stamp wanted = make_stamp(3, 9, wanted_kind, 0x30);
        if (covered_inline(slot, wanted)) EXPECT_TRUE(stamp_subsumes(slot, wanted));
      }
    }
  }
  const Stamp write = make_stamp(3, 9, AccessKind::kWrite, 0xff);
  EXPECT_TRUE(covered_inline(write, make_stamp(3, 9, AccessKind::kRead, 0x0f)));
  EXPECT_TRUE(covered_inline(write, make_stamp(3, 9, AccessKind::kWrite, 0x0f)));
  EXPECT_FALSE(covered_inline(with_kind(write, AccessKind::kRead),
                              make_stamp(3, 9, AccessKind::kWrite, 0x0f)));
  EXPECT_FALSE(covered_inline(write, make_stamp(3, 8, AccessKind::kWrite, 0x0f)));
  EXPECT_FALSE(covered_inline(write, make_stamp(2, 9, AccessKind::kWrite, 0x0f)));
}

// A fiber without a lane has stamp 0: it must never find itself covered, not even by an
// empty slot.
TEST(Stamp, NothingCoversTheStampOfAFiberWithoutLane) {
  for (unsigned mask = 1; mask < 256; ++mask) {
    const auto bytes = static_cast<std::uint8_t>(mask);
    EXPECT_FALSE(covered_inline(0, bytes));
    EXPECT_FALSE(covered_inline(0xff, bytes));
  }
}

}  // namespace
}  // namespace fibersan
