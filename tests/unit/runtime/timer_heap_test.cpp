// The timer heap against a sorted model, and disarm against a callback that runs.
#include "runtime/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST_F(TimerHeapTest, FiresInOrderOfDeadline) {
  for (int i : {3, 1, 2, 0}) heap.arm(timers[i], at(i * 10), Numbered::fire);
  EXPECT_EQ(heap.next_deadline(), at(0));
  EXPECT_TRUE(heap.fire_due(at(19)));
  EXPECT_EQ(fired, (std::vector<int>{0, 1}));
  EXPECT_FALSE(heap.fire_due(at(19)));
  EXPECT_TRUE(heap.fire_due(at(30)));
  EXPECT_EQ(fired, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, FiresABatchAtMost) {
  constexpr int kMany = 3 * TimerHeap::kBatch;
  std::vector<Numbered> many(kMany);
  for (const auto use : {TimerHeap::Use::kForGood, TimerHeap::Use::kDisarmable}) {
    fired.clear();
    for (int i = kMany; i-- > 0;) {
      many[i].number = i;
      heap.arm(many[i], at(i), Numbered::fire, use);
    }
    for (size_t batch = 1; heap.fire_due(at(kMany)); ++batch)
      EXPECT_EQ(fired.size(), batch * TimerHeap::kBatch);
    EXPECT_EQ(fired.size(), size_t{kMany});
    EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
  }
}

TEST_F(TimerHeapTest, TimersForGoodAndOthersKeepTheirOrder) {
  for (int i = 0; i < 20; ++i)
    heap.arm(timers[i], at(100 - i), Numbered::fire,
             i % 3 == 0 ? TimerHeap::Use::kDisarmable : TimerHeap::Use::kForGood);
  EXPECT_TRUE(TimerHeap::disarm(timers[6]));
  heap.fire_due(at(100));
  EXPECT_EQ(fired.size(), 19U);
  EXPECT_TRUE(std::is_sorted(fired.rbegin(), fired.rend()));
}

TEST_F(TimerHeapTest, MovedTimersFireAndAreDisarmedInTheOtherHeap) {
  TimerHeap other;
  for (int i = 0; i < 10; ++i) heap.arm(timers[i], at(i), Numbered::fire);
  other.arm(timers[10], at(3), Numbered::fire);
  heap.move_all_to(other);
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(other.next_deadline(), at(0));
  EXPECT_TRUE(TimerHeap::disarm(timers[0]));
  EXPECT_TRUE(TimerHeap::cancel(timers[5]));
  other.fire_due(at(10));
  EXPECT_EQ(fired.size(), 9U);
  // Its next arming is the caller's choice again.
  heap.arm(timers[0], at(1), Numbered::fire);
  EXPECT_FALSE(heap.empty());
}

// I4: while its callback runs a timer is armed in the heap that fires it, whoever arms it.
TEST_F(TimerHeapTest, ATimerThatFiresStaysInItsHeap) {
  static TimerHeap* elsewhere;
  TimerHeap other;
  elsewhere = &other;
  struct Again : Timer {
    static void fire(Timer* timer) { elsewhere->arm(*timer, at(5), Numbered::fire); }
  } again;
  heap.arm(again, at(1), Again::fire);
  heap.fire_due(at(1));
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(heap.next_deadline(), at(5));
  EXPECT_TRUE(TimerHeap::disarm(again));
}

TEST_F(TimerHeapTest, SaysWhenTheEarliestDeadlineHasChanged) {
  EXPECT_TRUE(heap.arm(timers[0], at(10), Numbered::fire));
  EXPECT_FALSE(heap.arm(timers[1], at(20), Numbered::fire));
  EXPECT_TRUE(heap.arm(timers[2], at(5), Numbered::fire));
}

TEST_F(TimerHeapTest, DisarmPreventsTheFiringOnce) {
  heap.arm(timers[0], at(1), Numbered::fire);
  EXPECT_TRUE(TimerHeap::disarm(timers[0]));
  EXPECT_FALSE(TimerHeap::disarm(timers[0]));
  heap.arm(timers[0], at(2), Numbered::fire);
  heap.fire_due(at(2));
  EXPECT_EQ(fired, (std::vector<int>{0}));
  EXPECT_FALSE(TimerHeap::disarm(timers[0]));
}

TEST_F(TimerHeapTest, ATimerForEverIsArmed) {
  heap.arm(timers[0], Clock::time_point::max(), Numbered::fire);
  EXPECT_FALSE(heap.empty());
  EXPECT_TRUE(TimerHeap::disarm(timers[0]));
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
  std::multimap<int64_t, int> model;
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
      ASSERT_TRUE(TimerHeap::disarm(timers[number]));
      model.erase(armed);
    } else {
      now += static_cast<int64_t>(random() % 4);
      fired.clear();
      heap.fire_due(at(now));
      int64_t last = 0;  // equal deadlines fire in any order
      for (int number : fired) {
        const auto found = find(number);
        ASSERT_NE(found, model.end());
        ASSERT_GE(found->first, last);
        ASSERT_LE(found->first, now);
        last = found->first;
        model.erase(found);
      }
      ASSERT_TRUE(model.empty() || model.begin()->first > now);
    }
    ASSERT_EQ(heap.next_deadline(), model.empty() ? TimerHeap::kNever : at(model.begin()->first));
  }
}

// Two heaps, several threads that fire, and timers that wander between them: disarm() tells
// the truth all the same.
TEST(TimerHeapRace, DisarmAgainstFiringMovingAndOtherHeaps) {
  TimerHeap heaps[2];
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      while (!done.load(std::memory_order_relaxed)) {
        if (i == 2) {
          heaps[0].move_all_to(heaps[1]);
          std::this_thread::yield();
        }
        heaps[i % 2].fire_due(at(1));
      }
    });
  }
  struct Counted : Timer {
    std::atomic<int> running{0};
    int calls = 0;
    static void fire(Timer* timer) {
      auto* self = static_cast<Counted*>(timer);
      ASSERT_EQ(++self->running, 1);
      ++self->calls;
      --self->running;
    }
  };
  for (int round = 0; round < 5'000; ++round) {
    Counted timer;
    int armed = 0;
    int prevented = 0;
    for (int again = 0; again < 3; ++again) {
      heaps[(round + again) % 2].arm(timer, at(1), Counted::fire);
      ++armed;
      if (round % 3 == 0) std::this_thread::yield();
      if (TimerHeap::cancel(timer)) {
        ++prevented;
      } else if (again == 1) {
        ASSERT_FALSE(TimerHeap::disarm(timer));
        ASSERT_EQ(timer.running, 0);
      }
    }
    prevented += TimerHeap::disarm(timer) ? 1 : 0;
    ASSERT_EQ(timer.calls + prevented, armed);
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
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
    const bool stopped = TimerHeap::disarm(local);
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
