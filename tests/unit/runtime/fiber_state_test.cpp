// The state word: every order of the transitions that can meet, then the same as a race.
#include "runtime/fiber_state.h"

#include <gtest/gtest.h>

#include <thread>

namespace fiber::internal {
namespace {

void make_running(FiberStateWord& word) {
  word.start();
  ASSERT_TRUE(word.dispatch());
}

TEST(FiberState, LifeWithoutWaiting) {
  FiberStateWord word;
  EXPECT_EQ(word.peek(), FiberState::kIdle);
  word.start();
  EXPECT_EQ(word.peek(), FiberState::kRunnable);
  EXPECT_TRUE(word.dispatch());
  EXPECT_EQ(word.peek(), FiberState::kRunning);
  word.yielded();
  EXPECT_EQ(word.peek(), FiberState::kRunnable);
  EXPECT_TRUE(word.dispatch());
  word.ended();
  EXPECT_EQ(word.peek(), FiberState::kIdle);
}

TEST(FiberState, WakerAfterTheContextIsSavedEnqueues) {
  FiberStateWord word;
  make_running(word);
  word.begin_park();
  EXPECT_EQ(word.context_saved(), NextStep::kNothing);
  EXPECT_EQ(word.peek(), FiberState::kParked);
  EXPECT_EQ(word.wake(), NextStep::kEnqueue);
  EXPECT_TRUE(word.dispatch());
}

TEST(FiberState, WakerBeforeTheContextIsSavedLeavesTheEnqueueToTheWorker) {
  FiberStateWord word;
  make_running(word);
  word.begin_park();
  EXPECT_EQ(word.wake(), NextStep::kNothing);
  EXPECT_EQ(word.peek(), FiberState::kWoken);
  EXPECT_EQ(word.context_saved(), NextStep::kEnqueue);
  EXPECT_TRUE(word.dispatch());
}

TEST(FiberState, StoppedFibersAreNeitherWokenNorDispatched) {
  FiberStateWord parked;
  make_running(parked);
  parked.begin_park();
  ASSERT_EQ(parked.context_saved(), NextStep::kNothing);
  EXPECT_TRUE(parked.stop());
  EXPECT_EQ(parked.wake(), NextStep::kNothing);
  EXPECT_FALSE(parked.stop());

  FiberStateWord runnable;
  runnable.start();
  EXPECT_TRUE(runnable.stop());
  EXPECT_FALSE(runnable.dispatch());

  FiberStateWord idle;
  EXPECT_FALSE(idle.stop());
  EXPECT_EQ(idle.peek(), FiberState::kIdle);
}

using FiberStateDeathTest = testing::Test;

TEST(FiberStateDeathTest, ASecondWakeIsABrokenInvariant) {
  FiberStateWord word;
  make_running(word);
  word.begin_park();
  ASSERT_EQ(word.wake(), NextStep::kNothing);
  EXPECT_DEATH(static_cast<void>(word.wake()), "broken invariant.*fiber_state.h");
  ASSERT_EQ(word.context_saved(), NextStep::kEnqueue);
  EXPECT_DEATH(static_cast<void>(word.wake()), "broken invariant");
  ASSERT_TRUE(word.dispatch());
  EXPECT_DEATH(static_cast<void>(word.wake()), "broken invariant");
}

TEST(FiberStateDeathTest, TransitionsFromTheWrongState) {
  FiberStateWord word;
  EXPECT_DEATH(word.begin_park(), "broken invariant");
  EXPECT_DEATH(word.yielded(), "broken invariant");
  EXPECT_DEATH(word.ended(), "broken invariant");
  EXPECT_DEATH(static_cast<void>(word.dispatch()), "broken invariant");
  EXPECT_DEATH(static_cast<void>(word.wake()), "broken invariant");
  EXPECT_DEATH(static_cast<void>(word.context_saved()), "broken invariant");
  word.start();
  EXPECT_DEATH(word.start(), "broken invariant");
}

// A worker parks and a waker wakes, many times, as fast as they can. `handed_over` stands for
// the run queue. The plain integers stand for the saved context (written by the worker, read by
// the next dispatcher) and for what the waker did before: ThreadSanitizer watches them.
class ParkRace {
 public:
  void run(int rounds) {
    std::thread waker([&] { wake_all(rounds); });
    for (int round = 1; round <= rounds; ++round) park_once(round);
    waker.join();
  }

 private:
  void park_once(int round) {
    if (round == 1) word_.start();
    ASSERT_TRUE(word_.dispatch());
    context_ = round;
    word_.begin_park();
    // release: stands for the lock under which a waker finds the fiber.
    findable_.store(round, std::memory_order_release);
    if (word_.context_saved() == NextStep::kEnqueue) {
      ++by_worker_;
    } else {
      // acquire: stands for taking the fiber out of the queue.
      while (handed_over_.load(std::memory_order_acquire) != round) std::this_thread::yield();
    }
    ASSERT_EQ(message_, round);  // what the waker did is visible
  }

  void wake_all(int rounds) {
    for (int round = 1; round <= rounds; ++round) {
      while (findable_.load(std::memory_order_acquire) != round) std::this_thread::yield();
      message_ = round;
      if (word_.wake() == NextStep::kEnqueue) {
        ASSERT_EQ(context_, round);  // the saved context is visible
        handed_over_.store(round, std::memory_order_release);
      }
    }
  }

  FiberStateWord word_;
  int context_ = 0;
  int message_ = 0;
  int by_worker_ = 0;
  std::atomic<int> findable_{0};
  std::atomic<int> handed_over_{0};
};

TEST(FiberState, ExactlyOneSideEnqueuesWhenTheyRace) {
  ParkRace race;
  race.run(200'000);
}

// stop() against wake(): either the waker came first or it does nothing, and the fiber is never
// dispatched.
TEST(FiberState, StopAgainstWake) {
  for (int round = 0; round < 2'000; ++round) {
    FiberStateWord word;
    make_running(word);
    word.begin_park();
    ASSERT_EQ(word.context_saved(), NextStep::kNothing);
    std::thread waker([&] { static_cast<void>(word.wake()); });
    EXPECT_TRUE(word.stop());
    waker.join();
    EXPECT_FALSE(word.dispatch());
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace fiber::internal
