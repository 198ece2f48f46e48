// Which heap block an address lies in.
#include "detector/heap/block_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace fibersan {
namespace {

constexpr uintptr_t kHeap = 0x5555'0000'0000;
constexpr uintptr_t kRegion = 1u << 20;

class BlockTableTest : public testing::Test {
 protected:
  BlockTable& table() { return *table_; }
  void remove(uintptr_t address, const BlockFree& free = {}) {
    table().remove(*table().begins_at(address), free);
  }
  std::unique_ptr<BlockTable> table_ = std::make_unique<BlockTable>();
};

TEST_F(BlockTableTest, InteriorPointers) {
  table().add(kHeap, 40, 7, 3);
  table().add(kHeap + 48, 24, 8, 4);
  for (uintptr_t at : {0, 1, 15, 16, 39}) {
    auto block = table().find(kHeap + at);
    ASSERT_TRUE(block) << at;
    EXPECT_EQ(block->address, kHeap);
    EXPECT_EQ(block->size, 40u);
    EXPECT_EQ(block->allocated, 7u);
    EXPECT_EQ(block->fiber_id, 3u);
    EXPECT_FALSE(block->freed);
  }
  EXPECT_FALSE(table().find(kHeap + 40)) << "one past the end";
  EXPECT_FALSE(table().find(kHeap - 1));
  EXPECT_EQ(table().find(kHeap + 48)->allocated, 8u);
  EXPECT_FALSE(table().find(kHeap + 48 + 24));
}

TEST_F(BlockTableTest, FieldsKeepTheirLargestValues) {
  uint64_t fiber = (uint64_t{1} << 32) - 1;
  StackId stack = (1u << 30) - 1;
  table().add(kHeap, uint64_t{1} << 40, stack, fiber);
  auto block = table().find(kHeap + 5);
  EXPECT_EQ(block->size, uint64_t{1} << 40);
  EXPECT_EQ(block->allocated, stack);
  EXPECT_EQ(block->fiber_id, fiber);
}

TEST_F(BlockTableTest, EmptyBlocksHaveTheirFirstByte) {
  table().add(kHeap, 0, 7, 3);
  EXPECT_TRUE(table().find(kHeap));
  EXPECT_FALSE(table().find(kHeap + 1));
}

TEST_F(BlockTableTest, FreedBlocksAreKnownUntilReused) {
  table().add(kHeap, 100, 7, 3);
  EXPECT_EQ(table().begins_at(kHeap)->size, 100u);
  remove(kHeap);
  EXPECT_FALSE(table().begins_at(kHeap)) << "a second free is no block's";
  ASSERT_TRUE(table().find(kHeap + 99));
  EXPECT_TRUE(table().find(kHeap + 99)->freed);
  table().add(kHeap + 64, 32, 9, 4);
  EXPECT_EQ(table().find(kHeap + 64)->allocated, 9u);
  EXPECT_FALSE(table().find(kHeap + 64)->freed);
}

// Whoever freed a block is known as long as the block itself, with all that was known before.
TEST_F(BlockTableTest, FreesAreKnownUntilTheBlockIsReused) {
  constexpr BlockFree kStamped = {true, (1u << 24) - 1, (1u << 30) - 1, 0};
  for (const uint64_t size : {0ull, 24ull, 126ull, 127ull, 128ull, 1ull << 40}) {
    table().add(kHeap, size, 7, 3, size == 24);
    EXPECT_FALSE(table().find(kHeap)->free);
    remove(kHeap, kStamped);
    std::optional<HeapBlock> block = table().find(kHeap);
    ASSERT_TRUE(block && block->free) << size;
    EXPECT_TRUE(block->freed && block->free->has_stamp);
    EXPECT_EQ(block->free->lane, kStamped.lane);
    EXPECT_EQ(block->free->epoch, kStamped.epoch);
    EXPECT_EQ(block->size, size);
    EXPECT_EQ(block->allocated, 7u);
    EXPECT_EQ(block->fiber_id, 3u);
    table().add(kHeap, size, 8, 4);
    EXPECT_FALSE(table().find(kHeap)->freed || table().find(kHeap)->free);
    remove(kHeap, {.fiber_id = 0xffff'fffe});
    block = table().find(kHeap);
    EXPECT_FALSE(block->free->has_stamp);
    EXPECT_EQ(block->free->fiber_id, 0xffff'fffeu);
  }
}

// The size of a large one is in its third word.
TEST_F(BlockTableTest, FreedBlocksAreUnknownOnceOthersBeginInTheirWords) {
  for (const uintptr_t at : {16, 32}) {
    table().add(kHeap, 1000, 7, 3);
    remove(kHeap);
    EXPECT_EQ(table().find(kHeap + 999)->size, 1000u);
    table().add(kHeap + at, 24, 8, 4);
    EXPECT_FALSE(table().find(kHeap + 999)) << at;
    table().forget(kHeap + at);
  }
}

// The C library merged two freed neighbours and gave them out as one.
TEST_F(BlockTableTest, FreedMarksInsideALiveBlockDoNotHideIt) {
  table().add(kHeap, 24, 1, 1);
  table().add(kHeap + 32, 24, 2, 1);
  remove(kHeap);
  remove(kHeap + 32);
  table().add(kHeap, 56, 3, 2);
  for (uintptr_t at : {0, 31, 32, 40, 55}) {
    auto block = table().find(kHeap + at);
    ASSERT_TRUE(block) << at;
    EXPECT_EQ(block->allocated, 3u) << at;
  }
}

TEST_F(BlockTableTest, BlocksAcrossRegionBorders) {
  uintptr_t start = kHeap + kRegion - 64;
  table().add(start, 3 * kRegion, 5, 2);
  table().add(start + 3 * kRegion + 16, 32, 6, 2);
  for (uint64_t at : {uint64_t{0}, uint64_t{63}, uint64_t{64}, uint64_t{kRegion},
                      2 * uint64_t{kRegion} + 77, 3 * uint64_t{kRegion} - 1}) {
    auto block = table().find(start + at);
    ASSERT_TRUE(block) << at;
    EXPECT_EQ(block->address, start);
  }
  EXPECT_FALSE(table().find(start + 3 * kRegion));
  EXPECT_EQ(table().find(start + 3 * kRegion + 20)->allocated, 6u);
}

TEST_F(BlockTableTest, EntryInTheLastGranuleOfARegion) {
  uintptr_t start = kHeap + kRegion - 16;
  table().add(start, 64, 5, 2);
  table().add(kHeap + kRegion + 64, 24, 6, 2);
  EXPECT_EQ(table().find(start)->size, 64u);
  EXPECT_EQ(table().find(kHeap + kRegion + 40)->address, start);
  EXPECT_EQ(table().find(kHeap + kRegion + 64)->allocated, 6u);
}

TEST_F(BlockTableTest, ForgottenPlacesAreUnknown) {
  table().add(kHeap, 40, 7, 3);
  remove(kHeap);
  table().forget(kHeap);
  EXPECT_FALSE(table().find(kHeap));
  table().forget(kHeap + (uintptr_t{1} << 40));  // never known: no table is made for it
}

// Also over tables that nobody has made, and through blocks of several regions.
TEST_F(BlockTableTest, ForgetsPages) {
  constexpr uintptr_t kPage = 4096;
  const uintptr_t inside[] = {kHeap + kPage, kHeap + 5 * kRegion - 32, kHeap + (40ull << 30)};
  for (const uintptr_t address : inside) table().add(address, 3 * kPage, 1, 1);
  table().add(kHeap + kPage - 32, 32, 1, 1);
  table().add(kHeap + (41ull << 30) + kPage, 32, 1, 1);
  table().forget_range(kHeap + kPage, 41ull << 30);
  for (const uintptr_t address : inside) {
    EXPECT_FALSE(table().find(address));
    EXPECT_FALSE(table().find(address + 2 * kPage));
  }
  EXPECT_TRUE(table().find(kHeap + kPage - 16));
  EXPECT_TRUE(table().find(kHeap + (41ull << 30) + kPage));
}

TEST_F(BlockTableTest, AddressesBeyondUserSpaceAreUnknown) {
  EXPECT_FALSE(table().find(~uintptr_t{0}));
  table().add(~uintptr_t{0} - 63, 16, 1, 1);
  EXPECT_FALSE(table().find(~uintptr_t{0} - 63));
}

TEST_F(BlockTableTest, ThreadsWithBlocksOfTheirOwn) {
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (uint64_t round = 0; round < 50; ++round) {
        for (uint64_t i = 0; i < 1000; ++i) {
          table().add(kHeap + (i * 4 + thread) * 48, 40, static_cast<StackId>(thread + 1), thread);
        }
        for (uint64_t i = 0; i < 1000; i += 2) remove(kHeap + (i * 4 + thread) * 48);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint64_t i = 0; i < 4000; ++i) {
    auto block = table().find(kHeap + i * 48 + 20);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->fiber_id, i % 4);
    EXPECT_EQ(block->freed, i / 4 % 2 == 0);
  }
}

}  // namespace
}  // namespace fibersan
