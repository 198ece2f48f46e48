// The access history: what find_access() finds, what it must not, and reading while written.
#include "detector/history/ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "detector/history/history.h"

namespace fibersan {
namespace {

constexpr uint64_t kEvents = 1u << 14;
// More than all rings of all tests hold together: a test that runs first may have had many.
constexpr uint64_t kAll = 16 * kEvents;

// The chunks are the process's, so every test takes a lane that no other one uses.
class OwnRing : public Ring {
 public:
  OwnRing() { start_history(kEvents); }
  ~OwnRing() { close(); }
};

uint32_t new_lane() {
  static uint32_t lane = 100;
  return ++lane;
}

std::set<uint64_t> fibers_of_headers() {
  std::set<uint64_t> fibers;
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
    Ring::visit_chunk(
        *chunk, sequence, [](const Segment&, const RecordedAccess&) {},
        [&](const Segment& segment) { fibers.insert(segment.fiber_id); });
  }
  return fibers;
}

TEST(Ring, FindsByLaneEpochAddressAndKind) {
  OwnRing ring;
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
  OwnRing ring;
  uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 1);
  for (uint64_t i = 0; i < 3 * EventChunk::kEvents; ++i) ring.record(0x2000, 8, true, false, i);
  EXPECT_EQ(find_access(lane, 1, 0x2000, 8, true, false)->access.context,
            3 * EventChunk::kEvents - 1);
}

TEST(Ring, LargestIdsSurviveTheEncoding) {
  OwnRing ring;
  uint32_t lane = (1u << 24) - 1;
  uint32_t epoch = (1u << 30) - 1;
  uint64_t fiber = (uint64_t{1} << 47) - 1;
  constexpr uint32_t kLocks = 100;
  HeldLock locks[kLocks];
  for (uint32_t i = 0; i < kLocks; ++i) {
    locks[i] = {reinterpret_cast<const void*>(0x7fff'ffff'ffff - i), ~StackId{0} - i, i % 2 == 0};
  }
  ring.start_segment(lane, epoch, fiber, locks);
  ring.record(0x7fff'ffff'fff0, 16, false, true, ~uint64_t{0});
  auto found = find_access(lane, epoch, 0x7fff'ffff'ffff, 1, false, true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fiber_id, fiber);
  ASSERT_EQ(found->held.locks.size(), kLocks);
  for (uint32_t i = 0; i < kLocks; ++i) {
    EXPECT_EQ(found->held.locks[i].lock, locks[i].lock);
    EXPECT_EQ(found->held.locks[i].acquired, locks[i].acquired);
    EXPECT_EQ(found->held.locks[i].write, locks[i].write);
  }
  EXPECT_EQ(found->access.address, 0x7fff'ffff'fff0u);
  EXPECT_EQ(found->access.context, ~uint64_t{0});
}

// Wherever in a chunk a segment begins, and in the chunk that it goes on in.
TEST(Ring, LocksAreFoundWithEveryAccessOfTheirSegment) {
  OwnRing ring;
  const uint32_t lane = new_lane();
  HeldLock locks[3];
  constexpr uint32_t kSegments = 3 * EventChunk::kEvents;
  for (uint32_t i = 0; i < kSegments; ++i) {
    for (uint64_t j = 0; j < i % 4; ++j)
      locks[j] = {reinterpret_cast<const void*>(0x1000 + j * 8), i, false};
    ring.start_segment(lane, i + 1, i, {locks, i % 4});
    ring.record(0x2000, 8, true, false, i);
  }
  for (uint64_t i = 0; i < EventChunk::kEvents; ++i) ring.record(0x3000, 8, true, false, i);
  for (uint32_t i = kSegments - 500; i < kSegments; ++i) {
    const auto found =
        find_access(lane, i + 1, i == kSegments - 1 ? 0x3000 : 0x2000, 8, true, false);
    ASSERT_TRUE(found) << i;
    ASSERT_EQ(found->held.locks.size(), i % 4);
    for (const HeldLock& lock : found->held.all()) EXPECT_EQ(lock.acquired, i);
  }
}

// As above, by the form without a call where it does: not with many locks, nor at a chunk's end.
TEST(Ring, AShortSegmentHasItsLocks) {
  OwnRing ring;
  const uint32_t lane = new_lane();
  HeldLock locks[Ring::kShortLocks + 1];
  constexpr uint32_t kSegments = 2 * EventChunk::kEvents;
  uint32_t without_call = 0;
  for (uint32_t i = 0; i < kSegments; ++i) {
    const uint32_t count = i % (Ring::kShortLocks + 2);
    for (uint64_t j = 0; j < count; ++j)
      locks[j] = {reinterpret_cast<const void*>(0x1000 + j * 8), i, j % 2 == 0};
    if (ring.start_short_segment(lane, i + 1, i, locks, count)) {
      EXPECT_LE(count, Ring::kShortLocks);
      ++without_call;
    } else {
      ring.start_segment(lane, i + 1, i, {locks, count});
    }
    ring.record(0x2000, 8, true, false, i);
  }
  EXPECT_GT(without_call, kSegments / 2);
  for (uint32_t i = kSegments - 500; i < kSegments; ++i) {
    const auto found = find_access(lane, i + 1, 0x2000, 8, true, false);
    ASSERT_TRUE(found) << i;
    ASSERT_EQ(found->held.locks.size(), i % (Ring::kShortLocks + 2));
    for (uint32_t j = 0; j < found->held.locks.size(); ++j) {
      EXPECT_EQ(found->held.locks[j].lock, reinterpret_cast<const void*>(0x1000 + j * 8));
      EXPECT_EQ(found->held.locks[j].acquired, i);
      EXPECT_EQ(found->held.locks[j].write, j % 2 == 0);
    }
  }
}

TEST(Ring, LocksAreNoAccesses) {
  OwnRing ring;
  const uint32_t lane = new_lane();
  const HeldLock lock{reinterpret_cast<const void*>(0x2000), 0, true};
  ring.start_segment(lane, 1, 1, {&lock, 1});
  EXPECT_FALSE(find_access(lane, 1, 0x2000, 8, true, false));
  for (const uint64_t fiber : fibers_of_headers()) EXPECT_LT(fiber, uint64_t{1} << 47);
}

// Two places wrote cells of one run, a third one wrote beside it.
TEST(Ring, FindsEachAccessOfARunOfCells) {
  OwnRing ring;
  const uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 7);
  ring.record(0x1ff8, 8, true, false, 10);
  ring.record(0x2000, 16, true, false, 11);
  ring.record(0x2010, 4, true, false, 12);
  ring.record(0x2014, 4, false, false, 13);
  ring.start_segment(lane, 2, 7);
  ring.record(0x2000, 8, true, false, 14);
  uint64_t unexplained = ~uint64_t{0};
  SearchedAccess one;
  one.pattern = {lane, 1, 0x2004, 0x14, true, false};
  one.unexplained = &unexplained;
  one.cells_left = 3;
  std::set<uint64_t> also;
  find_accesses(
      {&one, 1},
      [](const SearchedAccess&, const Segment& segment, const RecordedAccess& access, void* data) {
        EXPECT_EQ(segment.fiber_id, 7u);
        static_cast<std::set<uint64_t>*>(data)->insert(access.context);
      },
      &also);
  EXPECT_TRUE(one.found);
  EXPECT_EQ(one.access.context, 11u);
  EXPECT_EQ(also, std::set<uint64_t>{12});
  EXPECT_EQ(one.cells_left, 0u);
}

TEST(Ring, WideRangesCoverExactlyTheirBytes) {
  for (uint64_t size :
       {1ul, 1023ul, 1024ul, 1025ul, 4097ul, 123'457ul, (1ul << 25) + 1, (1ul << 27) + 12'345}) {
    OwnRing ring;
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
  OwnRing ring;
  uint32_t lane = new_lane();
  ring.start_segment(lane, 1, 5);
  ring.record(0x3000, 8, true, false, 1);
  for (uint64_t i = 0; i < kEvents; ++i) ring.record(0x4000, 8, true, false, 2);
  EXPECT_TRUE(find_access(lane, 1, 0x3000, 8, true, false)) << "as many as were asked for";
  const uint64_t before = overwritten_events();
  for (uint64_t i = 0; i < kAll; ++i) ring.record(0x4000, 8, true, false, 2);
  EXPECT_FALSE(find_access(lane, 1, 0x3000, 8, true, false));
  EXPECT_GT(overwritten_events(), before + kEvents / 2);
  // R2: what is still there knows whose it is although the header is long gone.
  auto found = find_access(lane, 1, 0x4000, 8, true, false);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fiber_id, 5u);
}

// The limit is one for all rings, and those that go on take from what is oldest.
TEST(Ring, ARingAtRestKeepsItsLastEvents) {
  OwnRing resting, busy;
  uint32_t lane = new_lane();
  resting.start_segment(lane, 1, 5);
  resting.record(0x3000, 8, true, false, 1);
  busy.start_segment(lane, 2, 6);
  for (uint64_t i = 0; i < kAll; ++i) busy.record(0x4000, 8, true, false, 2);
  EXPECT_TRUE(find_access(lane, 1, 0x3000, 8, true, false));
  // A ring that is closed gives its chunk to the others.
  resting.close();
  EXPECT_TRUE(find_access(lane, 1, 0x3000, 8, true, false));
  for (uint64_t i = 0; i < kAll; ++i) busy.record(0x4000, 8, true, false, 2);
  EXPECT_FALSE(find_access(lane, 1, 0x3000, 8, true, false));
}

TEST(Ring, MoreRingsThanChunksAskedFor) {
  OwnRing rings[40];
  uint32_t lane = new_lane();
  for (uint32_t i = 0; i < 40; ++i) {
    rings[i].start_segment(lane, i + 1, i);
    rings[i].record(0x3000, 8, true, false, i);
  }
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(find_access(lane, i + 1, 0x3000, 8, true, false)->access.context, i);
}

TEST(Ring, NamesTheFibersOfItsHeaders) {
  OwnRing ring;
  for (uint64_t fiber = 1; fiber < 50; ++fiber)
    ring.start_segment(new_lane(), 1, (uint64_t{1} << 40) + fiber);
  const std::set<uint64_t> named = fibers_of_headers();
  for (uint64_t fiber = 1; fiber < 50; ++fiber)
    EXPECT_TRUE(named.contains((uint64_t{1} << 40) + fiber)) << fiber;
  EXPECT_FALSE(named.contains((uint64_t{1} << 40) + 50));
}

// A writer laps the reader all the time. Every event carries its own check: context is a
// function of lane, epoch, fiber and address, so a torn or misattributed event is seen.
uint64_t check_value(uint32_t lane, uint32_t epoch, uint64_t fiber, uintptr_t address) {
  return (lane * 1'000'003ull + epoch) * 1'000'003ull + fiber * 31 + address;
}

void record_checked_events(Ring& ring, uint32_t lane, uint32_t epoch) {
  ring.start_segment(lane, epoch, epoch * uint64_t{3});
  for (uintptr_t i = 0; i < 50; ++i) {
    const uintptr_t address = 0x5000 + 8 * i;
    ring.record(address, 8, true, false, check_value(lane, epoch, epoch * uint64_t{3}, address));
  }
}

// Every event that is accepted; of all rings.
template <typename Visit>
void visit_all(Visit&& visit) {
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence))
    Ring::visit_chunk(*chunk, sequence, visit);
}

TEST(Ring, ReadersBesideWriters) {
  constexpr int kWriters = 2;
  OwnRing rings[kWriters];
  uint32_t lanes[kWriters] = {new_lane(), new_lane()};
  std::atomic<bool> stop{false};
  std::atomic<uint32_t> published{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (uint32_t epoch = 1; !stop.load(std::memory_order_relaxed); ++epoch) {
        record_checked_events(rings[writer], lanes[writer], epoch);
        if (writer == 0) published.store(epoch, std::memory_order_relaxed);
      }
    });
  }
  const uint64_t before = overwritten_events();
  uint64_t seen = 0;
  uint64_t wrong = 0;
  while (seen < 2'000'000 || overwritten_events() < before + 10 * kEvents) {
    visit_all([&](Segment segment, RecordedAccess access) {
      if (segment.lane != lanes[0] && segment.lane != lanes[1]) return;  // of other tests
      ++seen;
      wrong += access.context !=
               check_value(segment.lane, segment.epoch, segment.fiber_id, access.address);
    });
    const uint32_t recent = published.load(std::memory_order_relaxed);
    if (recent == 0) continue;
    if (auto found = find_access(lanes[0], recent, 0x5000, 8, true, false))
      wrong += found->fiber_id != recent * uint64_t{3};
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace fibersan
