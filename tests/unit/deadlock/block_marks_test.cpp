// The block around any address, against the block table's own slow answer.
#include "detector/heap/block_marks.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "detector/deadlock/scratch.h"

namespace fibersan {
namespace {

constexpr uintptr_t kHeap = uintptr_t{0x5555'0000'0000};

void* from_scratch(size_t bytes, void* scratch) {
  return static_cast<Scratch*>(scratch)->array<char>(bytes);
}

TEST(BlockMarks, FindsWhatTheTableFinds) {
  std::mt19937_64 random(1);
  auto table = std::make_unique<BlockTable>();
  std::vector<uintptr_t> live;
  uintptr_t at = kHeap;
  for (int i = 0; i < 2000; ++i) {
    const uint64_t size = i % 500 == 7 ? 1'500'000 : i % 20 == 3 ? 9000 : random() % 300;
    table->add(at, size, 0, 0);
    live.push_back(at);
    at += (size + 8 + 31) / 16 * 16 + (i % 100 == 0 ? 70'000 : 0);
  }
  for (const uintptr_t block : live)
    if (random() % 3 == 0) table->remove(*table->begins_at(block), {});
  Scratch scratch;
  BlockMarks marks(*table, from_scratch, &scratch);
  for (int i = 0; i < 5'000; ++i) {
    const uintptr_t address = kHeap + random() % (at - kHeap);
    const LiveBlock found = marks.find(address);
    std::optional<HeapBlock> expected = table->find(address);
    if (expected && expected->freed) expected.reset();
    ASSERT_EQ(found.address, expected ? expected->address : 0) << std::hex << address;
    if (expected) {
      ASSERT_EQ(found.size, expected->size);
    }
  }
  EXPECT_FALSE(marks.failed());
}

TEST(BlockMarks, EachBlockIsMarkedOnce) {
  auto table = std::make_unique<BlockTable>();
  table->add(kHeap, 32, 0, 0);
  table->add(kHeap + 48, 32, 0, 0);
  Scratch scratch;
  BlockMarks marks(*table, from_scratch, &scratch);
  EXPECT_FALSE(marks.marked(kHeap));
  EXPECT_TRUE(marks.mark(kHeap));
  EXPECT_FALSE(marks.mark(kHeap));
  EXPECT_TRUE(marks.marked(kHeap));
  EXPECT_FALSE(marks.marked(kHeap + 48));
}

TEST(BlockMarks, PlacesHoldEveryBlock) {
  auto table = std::make_unique<BlockTable>();
  Scratch scratch;
  EXPECT_FALSE(BlockMarks(*table, from_scratch, &scratch).places()[0].contains(kHeap));
  const uintptr_t far = uintptr_t{0x7f00'0000'0000};
  table->add(kHeap, 32, 0, 0);
  table->add(kHeap + 48, (uint64_t{3} << 20) + 5, 0, 0);
  table->add(far, 32, 0, 0);
  BlockMarks marks(*table, from_scratch, &scratch);
  EXPECT_TRUE(marks.places()[0].contains(kHeap));
  EXPECT_TRUE(marks.places()[0].contains(kHeap + (3 << 20)));
  EXPECT_TRUE(marks.places()[1].contains(far + 16));
  EXPECT_FALSE(marks.places()[0].contains(far));
  EXPECT_FALSE(marks.places()[1].contains(far - (2 << 20)));
}

TEST(BlockTable, KnowsOfNoMissingBlock) {
  auto table = std::make_unique<BlockTable>();
  table->add(kHeap, 32, 0, 0);
  EXPECT_FALSE(table->is_incomplete());
  table->add(uintptr_t{1} << 50, 32, 0, 0);
  EXPECT_TRUE(table->is_incomplete());
}

}  // namespace
}  // namespace fibersan
