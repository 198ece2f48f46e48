#include "detector/clock/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "detector/clock/lane_list.h"

namespace fibersan {
namespace {

TEST(Slab, ObjectsAreDistinctAlignedAndReused) {
  static constinit Slab slab(40);
  constexpr unsigned kObjects = 32 * Slab::kBatch;
  std::set<void*> objects;
  for (unsigned i = 0; i < kObjects; ++i) {
    void* object = slab.allocate();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % 16, 0u);
    std::memset(object, static_cast<int>(i), 40);
    EXPECT_TRUE(objects.insert(object).second);
  }
  EXPECT_EQ(slab.live(), kObjects);
  for (void* object : objects) slab.free(object);
  EXPECT_EQ(slab.live(), 0u);
  for (unsigned i = 0; i < kObjects; ++i) EXPECT_TRUE(objects.contains(slab.allocate()));
}

// One thread only allocates, the other only frees: memory must travel back.
TEST(Slab, MemoryFreedByAnotherThreadComesBack) {
  static constinit Slab slab(256);
  std::set<void*> seen;
  for (int round = 0; round < 2000; ++round) {
    std::vector<void*> batch;
    for (int i = 0; i < 10; ++i) seen.insert(batch.emplace_back(slab.allocate()));
    std::thread([&] {
      for (void* object : batch) slab.free(object);
    }).join();
  }
  EXPECT_EQ(slab.live(), 0u);
  // 16 shards may hold some each; 20 000 would mean that nothing came back.
  EXPECT_LT(seen.size(), 16u * 2 * Slab::kBatch + 100);
}

TEST(LaneList, IsAStack) {
  const std::uint64_t before = LaneList::live_chunks();
  {
    LaneList list;
    EXPECT_EQ(list.pop(), kNoLane);
    for (LaneId lane = 0; lane < 100; ++lane) list.push(lane);
    LaneList moved = static_cast<LaneList&&>(list);
    EXPECT_TRUE(list.empty());
    for (LaneId lane = 100; lane-- > 10;) EXPECT_EQ(moved.pop(), lane);
    EXPECT_FALSE(moved.empty());
  }
  EXPECT_EQ(LaneList::live_chunks(), before);
}

TEST(LaneList, IsBounded) {
  LaneList list;
  for (LaneId lane = 0; lane < 100'000; ++lane) {
    list.push(lane);
    ASSERT_LE(list.size(), LaneList::kLimit);
  }
  EXPECT_EQ(list.pop(), 99'999u);
}

}  // namespace
}  // namespace fibersan
