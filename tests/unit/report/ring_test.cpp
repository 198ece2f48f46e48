// The access history: what find_access() finds, what it must not, and reading while written.
#include "detector/history/ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "detector/history/history.h"

namespace fibersan {
namespace {

constexpr unsigned kLog2Events = 14;
constexpr uint64_t kEvents = uint64_t{1} << kLog2Events;

// Rings live as long as the process, so every test takes one of its own and a lane that no
// other test uses.
Ring& new_ring() {
  Ring* ring = new Ring;
  ring->open(kLog2Events);
  return *ring;
}

uint32_t new_lane() {
  static uint32_t lane = 100;
  return ++lane;
}

TEST(Ring, FindsByLaneEpochAddressAndKind) {
  Ring& ring = new_ring();
  uint32_t lane = new_lane();
  ring.start_segment(lane, 7, 42);
  ring.record(0x1000, 4, true, false, 11);
  ring.record(0x1004, 4, false, true, 12);
  ring.start_segment(lane, 8, 42);
  ring.record(0x1000, 4, true, false, 13);

  auto found = find_access(lane, 7, 0x1000, 1, true, false);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access.context, 11u);
  EXPECT_EQ(found->access.address, 0x1000u);
  EXPECT_EQ(found->access.size, 4u);
  EXPECT_EQ(found->fiber_id, 42u);
  EXPECT_EQ(find_access(lane, 7, 0x1006, 1, false, true)->access.context, 12u);
  EXPECT_EQ(find_access(lane, 8, 0x1003, 1, true, false)->access.context, 13u);

  EXPECT_FALSE(find_access(lane, 9, 0x1000, 4, true, false)) << "epoch";
  EXPECT_FALSE(find_access(lane + 1000, 7, 0x1000, 4, true, false)) << "lane";
  EXPECT_FALSE(find_access(lane, 7, 0x1000, 4, false, false)) << "kind";
  EXPECT_FALSE(find_access(lane, 7, 0x1000, 4, true, true)) << "atomicity";
  EXPECT_FALSE(find_access(lane, 7, 0x1008, 8, true, false)) << "address";
  EXPECT_FALSE(find_access(lane, 7, 0xfff, 1, true, false)) << "the byte before";
}

TEST(Ring, NewestOfSeveralMatches) {
  Ring& ring = new_ring();
  uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 1);
  for (uint64_t i = 0; i < 3 * Ring::kSegmentRepeat; ++i) ring.record(0x2000, 8, true, false, i);
  EXPECT_EQ(find_access(lane, 1, 0x2000, 8, true, false)->access.context,
            3 * Ring::kSegmentRepeat - 1);
}

TEST(Ring, LargestIdsSurviveTheEncoding) {
  Ring& ring = new_ring();
  uint32_t lane = (1u << 24) - 1;
  uint32_t epoch = (1u << 30) - 1;
  uint64_t fiber = (uint64_t{1} << 47) - 1;
  uint32_t lock_set = (1u << 26) - 1;
  ring.start_segment(lane, epoch, fiber, lock_set);
  ring.record(0x7fff'ffff'fff0, 16, false, true, ~uint64_t{0});
  auto found = find_access(lane, epoch, 0x7fff'ffff'ffff, 1, false, true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fiber_id, fiber);
  EXPECT_EQ(found->lock_set, lock_set);
  EXPECT_EQ(found->access.address, 0x7fff'ffff'fff0u);
  EXPECT_EQ(found->access.context, ~uint64_t{0});
}

TEST(Ring, WideRangesCoverExactlyTheirBytes) {
  for (uint64_t size :
       {1ul, 1023ul, 1024ul, 1025ul, 4097ul, 123'457ul, (1ul << 25) + 1, (1ul << 27) + 12'345}) {
    Ring& ring = new_ring();
    uint32_t lane = new_lane();
    uintptr_t base = 0x10'0000'0000;
    ring.start_segment(lane, 1, 1);
    ring.record(base, size, true, false, size);
    for (uint64_t at : {uint64_t{0}, size / 3, size / 2, size - 1}) {
      EXPECT_TRUE(find_access(lane, 1, base + at, 1, true, false)) << size << " at " << at;
    }
    EXPECT_FALSE(find_access(lane, 1, base + size, 1, true, false)) << size;
    EXPECT_FALSE(find_access(lane, 1, base - 1, 1, true, false)) << size;
  }
}

TEST(Ring, OldEventsAreOverwrittenAndCounted) {
  Ring& ring = new_ring();
  uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 5);
  ring.record(0x3000, 8, true, false, 1);
  EXPECT_EQ(ring.overwritten(), 0u);
  for (uint64_t i = 0; i < kEvents / 2; ++i) ring.record(0x4000, 8, true, false, 2);
  EXPECT_TRUE(find_access(lane, 1, 0x3000, 8, true, false));
  for (uint64_t i = 0; i < kEvents; ++i) ring.record(0x4000, 8, true, false, 2);
  EXPECT_FALSE(find_access(lane, 1, 0x3000, 8, true, false));
  EXPECT_GT(ring.overwritten(), kEvents / 4);
  // R2: what is still there knows whose it is although the header is long gone.
  auto found = find_access(lane, 1, 0x4000, 8, true, false);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fiber_id, 5u);
}

TEST(Ring, AnEventIsReachableForMostOfTheRing) {
  Ring& ring = new_ring();
  uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 5);
  ring.record(0x3000, 8, true, false, 1);
  for (uint64_t i = 0; i < kEvents - 2 * Ring::kSegmentRepeat; ++i) {
    ring.record(0x4000, 8, true, false, 2);
  }
  EXPECT_TRUE(find_access(lane, 1, 0x3000, 8, true, false));
}

// A writer laps the reader all the time. Every event carries its own check: context is a
// function of lane, epoch, fiber and address, so a torn or misattributed event is seen.
uint64_t check_value(uint32_t lane, uint32_t epoch, uint64_t fiber, uintptr_t address) {
  return (lane * 1'000'003ull + epoch) * 1'000'003ull + fiber * 31 + address;
}

TEST(Ring, ReaderBesideAWriter) {
  Ring& ring = new_ring();
  uint32_t lane = new_lane();
  std::atomic<bool> stop{false};
  std::atomic<uint32_t> published{0};
  std::thread writer([&] {
    for (uint32_t epoch = 1; !stop.load(std::memory_order_relaxed); ++epoch) {
      ring.start_segment(lane, epoch, epoch * 3);
      for (uintptr_t i = 0; i < 50; ++i) {
        uintptr_t address = 0x5000 + 8 * i;
        ring.record(address, 8, true, false, check_value(lane, epoch, epoch * 3, address));
      }
      published.store(epoch, std::memory_order_relaxed);
    }
  });
  uint64_t seen = 0;
  uint64_t wrong = 0;
  while (seen < 3'000'000) {
    for (uint64_t piece = 0; ring.visit_piece(
             piece,
             [&](Segment segment, RecordedAccess access) {
               ++seen;
               wrong += access.context !=
                        check_value(segment.lane, segment.epoch, segment.fiber_id, access.address);
             });
         ++piece) {
    }
    uint32_t recent = published.load(std::memory_order_relaxed);
    if (recent == 0) continue;
    auto found = find_access(lane, recent, 0x5000, 8, true, false);
    if (found) {
      wrong += found->fiber_id != recent * uint64_t{3};
    }
  }
  stop.store(true, std::memory_order_relaxed);
  writer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(ring.overwritten(), 0u);
}

}  // namespace
}  // namespace fibersan
