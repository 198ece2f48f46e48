// Accesses of any size at any address: exactly the bytes that both touch make a race.
#include <memory>
#include <vector>

#include "detector/shadow/cell.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

class Ranges : public HooksTest {};

auto writes(size_t offset, size_t size) {
  return [=] { __fsan_write_range(HooksTest::bytes() + offset, size, 1); };
}
auto reads(size_t offset, size_t size) {
  return [=] { __fsan_read_range(HooksTest::bytes() + offset, size, 1); };
}

TEST_F(Ranges, LastByte) { EXPECT_EQ(races_of(writes(3, 1000), reads(1002, 8)), 1); }
TEST_F(Ranges, JustBehind) { EXPECT_EQ(races_of(writes(3, 1000), reads(1003, 8)), 0); }
TEST_F(Ranges, JustBefore) { EXPECT_EQ(races_of(writes(3, 1000), writes(0, 3)), 0); }
TEST_F(Ranges, FirstByte) { EXPECT_EQ(races_of(writes(3, 1000), writes(0, 4)), 1); }
TEST_F(Ranges, RangeOverRangeIsOneRace) {
  EXPECT_EQ(races_of(writes(3, 1000), writes(0, 4000)), 1);
}
TEST_F(Ranges, Empty) { EXPECT_EQ(races_of(reads(0, 64), writes(0, 0)), 0); }
TEST_F(Ranges, OnlyReads) { EXPECT_EQ(races_of(reads(0, 1000), reads(0, 1000)), 0); }

TEST_F(Ranges, HalvesOfACell) {
  EXPECT_EQ(races_of([] { __fsan_write4(data, 1); }, [] { __fsan_write4(data + 4, 1); }), 0);
}
TEST_F(Ranges, UnalignedAcrossCells) {
  EXPECT_EQ(races_of(writes(6, 4), [] { __fsan_write2(data + 8, 1); }), 1);
  EXPECT_EQ(races_of(writes(22, 4), [] { __fsan_write2(data + 26, 1); }), 0);
}
TEST_F(Ranges, SixteenBytes) {
  EXPECT_EQ(races_of([] { __fsan_write16(data, 1); }, [] { __fsan_read1(data + 15, 1); }), 1);
}

TEST_F(Ranges, WhatIsReported) {
  EXPECT_EQ(races_of(writes(8, 16), [] { __fsan_read2(data + 18, 1); }), 1);
  const RaceFound& race = recorded.last;
  EXPECT_EQ(race.current.address, reinterpret_cast<uintptr_t>(data + 18));
  EXPECT_EQ(race.current.size, 2u);
  EXPECT_FALSE(race.current.write);
  EXPECT_EQ(race.cell, reinterpret_cast<uintptr_t>(data + 16));
  EXPECT_EQ(stamp_kind(race.previous), AccessKind::kWrite);
  EXPECT_EQ(stamp_mask(race.previous), 0xff);
}

// More readers than a cell has slots: the record keeps every one of them.
TEST_F(Ranges, TenThousandReadersAndAWriter) {
  std::vector<std::unique_ptr<FakeFiber>> readers;
  for (int i = 0; i < 10000; ++i) {
    readers.push_back(std::make_unique<FakeFiber>());
    ASSERT_EQ(readers.back()->run([] {
      __fsan_read4(data, 1);
      __fsan_release(sync);
    }),
              0);
  }
  FakeFiber ordered_with_the_last;
  EXPECT_EQ(ordered_with_the_last.run([] {
    __fsan_acquire(sync);
    __fsan_write4(data, 1);
  }),
            9999);
}

TEST_F(Ranges, WriterAfterAllReadersIsSilent) {
  std::vector<std::unique_ptr<FakeFiber>> readers;
  for (int i = 0; i < 1000; ++i) {
    readers.push_back(std::make_unique<FakeFiber>());
    readers.back()->run([] {
      __fsan_read4(data, 1);
      __fsan_merge(sync);
    });
  }
  FakeFiber writer;
  EXPECT_EQ(writer.run([] {
    __fsan_acquire(sync);
    __fsan_write4(data, 1);
  }),
            0);
}

}  // namespace
}  // namespace fibersan
