// The timer heap against a sorted model, and disarm against a callback that runs.
#include "runtime/timer_heap.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace fiber::internal {
namespace {

Clock::time_point at(int64_t ns) { return Clock::time_point(Clock::duration(ns)); }

std::vector<int> fired;

struct Numbered : Timer {
  int number = 0;
  static void fire(Timer* timer) { fired.push_back(static_cast<Numbered*>(timer)->number); }
};

struct TimerHeapTest : testing::Test {
  TimerHeapTest() {
    fired.clear();
    for (int i = 0; i < 64; ++i) timers[i].number = i;
  }
  ~TimerHeapTest() override { heap.clear(); }
  Numbered timers[64];
  TimerHeap heap;
};

TEST_F(TimerHeapTest, FiresInOrderOfDeadlineThenOfArming) {
  for (int i : {3, 1, 2, 0}) heap.arm(timers[i], at(i / 2 * 10), Numbered::fire);
  EXPECT_EQ(heap.next_deadline(), at(0));
  heap.fire_due(at(9));
  EXPECT_EQ(fired, (std::vector<int>{1, 0}));
  heap.fire_due(at(10));
  EXPECT_EQ(fired, (std::vector<int>{1, 0, 3, 2}));
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, SaysWhenTheEarliestDeadlineHasChanged) {
  EXPECT_TRUE(heap.arm(timers[0], at(10), Numbered::fire));
  EXPECT_FALSE(heap.arm(timers[1], at(20), Numbered::fire));
  EXPECT_TRUE(heap.arm(timers[2], at(5), Numbered::fire));
}

TEST_F(TimerHeapTest, DisarmPreventsTheFiringOnce) {
  heap.arm(timers[0], at(1), Numbered::fire);
  EXPECT_TRUE(heap.disarm(timers[0]));
  EXPECT_FALSE(heap.disarm(timers[0]));
  heap.arm(timers[0], at(2), Numbered::fire);
  heap.fire_due(at(2));
  EXPECT_EQ(fired, (std::vector<int>{0}));
  EXPECT_FALSE(heap.disarm(timers[0]));
}

TEST_F(TimerHeapTest, ATimerForEverIsArmed) {
  heap.arm(timers[0], Clock::time_point::max(), Numbered::fire);
  EXPECT_FALSE(heap.empty());
  EXPECT_TRUE(heap.disarm(timers[0]));
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, ACallbackMayDestroyItsTimer) {
  struct Owned : Timer {
    static void fire(Timer* timer) { delete static_cast<Owned*>(timer); }
  };
  heap.arm(*new Owned, at(1), Owned::fire);
  heap.fire_due(at(1));
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, ACallbackMayArmItsTimerAgain) {
  static TimerHeap* again;
  again = &heap;
  struct Repeating : Timer {
    int left = 3;
    static void fire(Timer* timer) {
      auto* self = static_cast<Repeating*>(timer);
      if (--self->left > 0) again->arm(*self, at(5), fire);
    }
  } repeating;
  heap.arm(repeating, at(1), Repeating::fire);
  heap.fire_due(at(10));
  EXPECT_EQ(repeating.left, 0);
}

TEST_F(TimerHeapTest, AgreesWithAModel) {
  std::mt19937 random(1);
  std::multimap<int64_t, int> model;  // equal keys keep their order of insertion
  const auto find = [&](int number) {
    auto it = model.begin();
    while (it != model.end() && it->second != number) ++it;
    return it;
  };
  int64_t now = 0;
  for (int step = 0; step < 100'000; ++step) {
    const int number = static_cast<int>(random() % 64);
    const auto armed = find(number);
    if (armed == model.end()) {
      const int64_t deadline = now + static_cast<int64_t>(random() % 50);
      heap.arm(timers[number], at(deadline), Numbered::fire);
      model.emplace(deadline, number);
    } else if (random() % 2 == 0) {
      ASSERT_TRUE(heap.disarm(timers[number]));
      model.erase(armed);
    } else {
      now += static_cast<int64_t>(random() % 4);
      fired.clear();
      heap.fire_due(at(now));
      std::vector<int> expected;
      while (!model.empty() && model.begin()->first <= now) {
        expected.push_back(model.begin()->second);
        model.erase(model.begin());
      }
      ASSERT_EQ(fired, expected);
    }
    ASSERT_EQ(heap.next_deadline(), model.empty() ? TimerHeap::kNever : at(model.begin()->first));
  }
}

// disarm() on another thread: true and no firing, or false and the callback is over. The
// callback writes a plain variable on the timer's frame.
TEST(TimerHeapRace, DisarmAgainstFiring) {
  TimerHeap heap;
  std::atomic<bool> done{false};
  std::thread firing([&] {
    while (!done.load(std::memory_order_relaxed)) heap.fire_due(at(1));
  });
  int prevented = 0;
  constexpr int kRounds = 20'000;
  for (int round = 0; round < kRounds; ++round) {
    struct Local : Timer {
      bool running = false;
      int calls = 0;
      static void fire(Timer* timer) {
        auto* self = static_cast<Local*>(timer);
        self->running = true;
        ++self->calls;
        std::this_thread::yield();
        self->running = false;
      }
    } local;
    heap.arm(local, at(1), Local::fire);
    if (round % 2 == 0) std::this_thread::yield();
    const bool stopped = heap.disarm(local);
    ASSERT_FALSE(local.running);
    ASSERT_EQ(local.calls, stopped ? 0 : 1);
    prevented += stopped ? 1 : 0;
  }
  done.store(true, std::memory_order_relaxed);
  firing.join();
  EXPECT_GT(prevented, 0);
  EXPECT_LT(prevented, kRounds);
}

}  // namespace
}  // namespace fiber::internal
