// Several threads at once; meant to be run under ThreadSanitizer as well (preset tsan).
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "detector/clock/fiber_clock.h"
#include "detector/clock/lane.h"

namespace fibersan {
namespace {

constexpr unsigned kThreads = 4;

template <typename Body>
void on_all_threads(Body body) {
  std::barrier together(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      together.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Trees are copied, joined, written and dropped while others do the same with the same
// nodes: what a thread reads is what it put together, and nothing stays behind.
TEST(Concurrency, SharedTreesKeepTheirContent) {
  {
    std::mutex mutex;
    Clock shared;
    for (LaneId lane = 0; lane < 10000; lane += 3) shared.set(lane, 1);
    on_all_threads([&](unsigned thread) {
      std::mt19937 random(thread);
      Epoch mine = 1;
      for (int i = 0; i < 5000; ++i) {
        Clock copy;
        {
          const std::lock_guard guard(mutex);
          copy = shared;
        }
        const LaneId lane = 1 + 3 * (random() % 3000);
        copy.set(lane, 2);
        copy.set(20000 + thread, ++mine);
        ASSERT_EQ(copy.at(3), 1u);
        ASSERT_EQ(copy.at(lane), 2u);
        const std::lock_guard guard(mutex);
        shared.join(copy);
        ASSERT_EQ(shared.at(20000 + thread), mine);
      }
    });
  }
  EXPECT_EQ(Clock::live_nodes(), 0u);
}

TEST(Concurrency, ALaneHasOneOwner) {
  lane_table.set_budget(200);
  std::vector<std::atomic<int>> owners(200);
  std::atomic<unsigned> two_owners{0};
  on_all_threads([&](unsigned thread) {
    std::mt19937 random(thread);
    std::vector<LaneGrant> mine;
    for (int i = 0; i < 20000; ++i) {
      if (mine.size() < 30 && random() % 2 == 0) {
        LaneGrant granted = lane_table.grant({}, random() % 3, thread);
        if (granted.lane == kNoLane) continue;
        if (owners[granted.lane].exchange(1) != 0) ++two_owners;
        mine.push_back(static_cast<LaneGrant&&>(granted));
      } else if (!mine.empty()) {
        const LaneGrant& last = mine.back();
        owners[last.lane].store(0);
        lane_table.retire(last.lane, last.cur, last.cur, {});
        mine.pop_back();
      }
    }
    for (const LaneGrant& left : mine) {
      owners[left.lane].store(0);
      lane_table.retire(left.lane, left.cur, left.cur, {});
    }
  });
  EXPECT_EQ(two_owners.load(), 0u);
  EXPECT_GT(lane_table.forgotten().lanes_reused, 0u);
  lane_table.reset();
}

// Everybody wants the same retired lanes.
TEST(Concurrency, OneOfManyReservesALane) {
  constexpr LaneId kLanes = 500;
  Clock knows_all;
  for (LaneId i = 0; i < kLanes; ++i) {
    const LaneId lane = lane_table.grant({}, 0, 1).lane;
    lane_table.retire(lane, 2, 1, {});
    knows_all.set(lane, 1);
  }
  std::atomic<unsigned> reserved{0};
  on_all_threads([&](unsigned) {
    for (LaneId lane = 0; lane < kLanes; ++lane)
      if (lane_table.reserve(lane, knows_all)) ++reserved;
  });
  EXPECT_EQ(reserved.load(), lane_table.lanes_created());
  lane_table.reset();
}

// Fibers on four threads that spawn, lock and join through Syncs under a lock each, as
// the table of detector/shadow does it: what a lock protects is always ordered.
TEST(Concurrency, LockedDataIsAlwaysOrdered) {
  struct Locked {
    std::mutex mutex;
    Sync sync;
    Stamp last = 0;
  };
  std::deque<Locked> locks(8);
  std::atomic<unsigned> unordered{0};
  FiberClock root;
  root.start({}, 0, 1);
  std::vector<SpawnSnapshot> snapshots;
  snapshots.reserve(kThreads);
  for (unsigned i = 0; i < kThreads; ++i) snapshots.push_back(root.spawn());
  on_all_threads([&](unsigned thread) {
    std::mt19937 random(thread);
    FiberClock parent;
    parent.start(static_cast<SpawnSnapshot&&>(snapshots[thread]), thread, thread);
    for (int i = 0; i < 3000; ++i) {
      FiberClock child;
      child.start(parent.spawn(), random() % kThreads, thread);
      for (int step = 0; step < 3; ++step) {
        FiberClock& fiber = random() % 2 == 0 ? parent : child;
        Locked& locked = locks[random() % locks.size()];
        const std::lock_guard guard(locked.mutex);
        fiber.acquire(locked.sync);
        if (locked.last != 0 && !fiber.covers(locked.last)) ++unordered;
        fiber.touched();
        locked.last = with_mask(fiber.stamp(), 0xff);
        random() % 3 == 0 ? fiber.merge(locked.sync) : fiber.release(locked.sync);
      }
      child.end();
    }
    parent.end();
  });
  root.end();
  EXPECT_EQ(unordered.load(), 0u);
  locks.clear();
  lane_table.reset();
  EXPECT_EQ(Clock::live_nodes(), 0u);
  EXPECT_EQ(LaneList::live_chunks(), 0u);
}

}  // namespace
}  // namespace fibersan
