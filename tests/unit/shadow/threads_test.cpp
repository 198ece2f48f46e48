// OS threads without pthread_create()'s interposer: the test tells the detector what each does.
#include <future>
#include <set>
#include <thread>

#include "detector/race/attached_threads.h"
#include "detector/race/concurrency.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

class Threads : public HooksTest {
 protected:
  static auto writes(size_t offset) {
    return [=] { __fsan_write4(data + offset, 1); };
  }

  // A thread that executes `body` and ends, as told by the calling one.
  template <typename Body>
  AttachedThread& thread_of(Body&& body) {
    AttachedThread& record = *thread_created(*this_thread.fiber, 0, /*detached=*/false);
    std::thread thread([&] {
      thread_begins(record);
      body();
      thread_ends();
    });
    thread_handle_known(record, thread.native_handle());
    handle_ = thread.native_handle();
    thread.join();
    return record;
  }

  void join() {
    AttachedThread* record = find_thread_to_join(handle_);
    ASSERT_NE(record, nullptr);
    thread_joined(*record, this_thread.fiber);
    refresh_stamp();
  }

  pthread_t handle_ = {};
};

TEST_F(Threads, ThreadIsOrderedAfterItsCreator) {
  writes(0)();
  thread_of(writes(0));
  join();
  EXPECT_EQ(recorded.races, 0);
}

TEST_F(Threads, WhatTheCreatorDoesAfterwardsIsNot) {
  thread_of([] {});
  writes(0)();
  thread_of(writes(8));
  writes(8)();
  EXPECT_EQ(recorded.races, 1);
  join();
  EXPECT_EQ(recorded.races, 1);
}

TEST_F(Threads, WhoJoinsIsOrderedAfterTheThread) {
  thread_of(writes(0));
  join();
  writes(0)();
  EXPECT_EQ(recorded.races, 0);
  EXPECT_EQ(find_thread_to_join(handle_), nullptr);
}

TEST_F(Threads, FailedJoinGivesNoOrder) {
  thread_of(writes(0));
  thread_not_joined(*find_thread_to_join(handle_));
  writes(0)();
  EXPECT_EQ(recorded.races, 1);
  join();
}

TEST_F(Threads, DetachedThreadIsForgotten) {
  thread_of(writes(0));
  thread_detached(handle_);
  EXPECT_EQ(find_thread_to_join(handle_), nullptr);
  writes(0)();
  EXPECT_EQ(recorded.races, 1);
}

// Nobody told of it: not checked, and what it hands on is handed on.
TEST_F(Threads, UnseenThreadIsNotCheckedAndHandsOn) {
  const uint64_t before = foreign_threads();
  FakeFiber first;
  first.run([] {
    writes(0)();
    __fsan_release(sync);
  });
  std::thread([] {
    writes(0)();
    writes(64)();
    __fsan_acquire(sync);
    __fsan_release(sync + 8);
    thread_ends();
  }).join();
  FakeFiber second;
  EXPECT_EQ(second.run([] {
    __fsan_acquire(sync + 8);
    writes(0)();
    writes(64)();
  }),
            0);
  EXPECT_EQ(recorded.races, 0);
  EXPECT_EQ(foreign_threads(), before + 1);
}

// What an unchecked thread creates is not checked either: what happened before it is not known.
TEST_F(Threads, ThreadOfAnUnseenThreadIsNotChecked) {
  const uint64_t before = foreign_threads();
  writes(0)();
  std::thread([&] {
    writes(8)();
    thread_of(writes(0));
    thread_ends();
  }).join();
  EXPECT_EQ(recorded.races, 0);
  EXPECT_EQ(foreign_threads(), before + 2);
}

TEST_F(Threads, AccessesAreParallelWhileAThreadLives) {
  note_run_started(/*parallel=*/false);
  EXPECT_FALSE(accesses_are_parallel.load());
  thread_of([] { EXPECT_TRUE(accesses_are_parallel.load()); });
  EXPECT_FALSE(accesses_are_parallel.load());
  join();
  note_run_started(/*parallel=*/true);
}

// run() returns after its fibers, not after threads that nobody joined.
TEST_F(Threads, EndOfTheRunDoesNotJoinThreads) {
  note_run_started(/*parallel=*/true);
  thread_of(writes(0));
  __fsan_run_finished();
  writes(0)();
  EXPECT_EQ(recorded.races, 1);
  join();
  note_run_started(/*parallel=*/true);
}

// ... but after the threads that its fibers learned of, as far as they did.
TEST_F(Threads, EndOfTheRunKnowsThreadsThatFibersJoined) {
  note_run_started(/*parallel=*/true);
  FakeFiber fiber;
  fiber.run([&] {
    thread_of(writes(0));
    join();
  });
  fiber.end();
  __fsan_run_finished();
  writes(0)();
  EXPECT_EQ(recorded.races, 0);
  note_run_started(/*parallel=*/true);
}

TEST_F(Threads, EndOfTheRunKnowsWhatFibersAcquiredFromThreads) {
  note_run_started(/*parallel=*/true);
  thread_of([] {
    writes(0)();
    __fsan_release(sync);
    writes(8)();
  });
  FakeFiber fiber;
  fiber.run([] { __fsan_acquire(sync); });
  fiber.leave_to_the_run();
  __fsan_run_finished();
  writes(0)();
  EXPECT_EQ(recorded.races, 0);
  writes(8)();
  EXPECT_EQ(recorded.races, 1);
  join();
  note_run_started(/*parallel=*/true);
}

// A blocking call that outlasts the run began before its end, and its fiber's lane may have
// been another one's.
TEST_F(Threads, EndOfTheRunKnowsWhatCameBeforeABlockingCall) {
  note_run_started(/*parallel=*/true);
  FakeFiber first;
  first.run([] {
    writes(0)();
    __fsan_release(sync);
  });
  first.end();
  FakeFiber second;
  second.run([] {
    __fsan_acquire(sync);
    writes(8)();
    __fsan_blocking_call_begun();
    writes(16)();
    __fsan_release(sync + 8);
    writes(24)();
  });
  FakeFiber third;
  third.run([] { __fsan_acquire(sync + 8); });
  third.end();
  // Of whom nobody learned.
  FakeFiber fourth;
  fourth.run([] {
    writes(32)();
    __fsan_blocking_call_begun();
    writes(40)();
  });
  second.outlast_the_run();
  fourth.outlast_the_run();
  __fsan_run_finished();
  for (const size_t offset : {0, 8, 16, 32}) writes(offset)();
  EXPECT_EQ(recorded.races, 0);
  writes(24)();
  EXPECT_EQ(recorded.races, 1);
  writes(40)();
  EXPECT_EQ(recorded.races, 2);
  concurrency.thread_gone();
  concurrency.thread_gone();
  note_run_started(/*parallel=*/true);
}

// A4: the thread that has taken over a fiber's lane is still alive when the run ends. The fiber
// ended before there were threads, which is so in a process of its own; nobody told what it did.
using ThreadsDeathTest = Threads;
TEST_F(ThreadsDeathTest, EndOfTheRunFindsLanesThatThreadsTookOver) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [this] {
    note_run_started(/*parallel=*/true);
    FakeFiber first;
    uint32_t lane = 0;
    first.run([&] {
      lane = this_thread.fiber->clock.lane();
      writes(0)();
      __fsan_release(sync);
    });
    first.end();
    std::promise<void> begun, over;
    std::thread thread;
    thread_of([&] {
      __fsan_acquire(sync);
      AttachedThread& record = *thread_created(*this_thread.fiber, 0, /*detached=*/true);
      thread = std::thread([&] {
        thread_begins(record);
        thread_handle_known(record, pthread_self());
        EXPECT_EQ(this_thread.fiber->clock.lane(), lane);
        begun.set_value();
        over.get_future().wait();
        thread_ends();
      });
      begun.get_future().wait();
    });
    __fsan_run_finished();
    writes(0)();
    over.set_value();
    thread.join();
    std::_Exit(HasFailure() ? 100 : recorded.races);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

// ... and that is all that the end of the run learns of such a thread, whose creator may be
// ordered with no fiber of it.
TEST_F(Threads, EndOfTheRunLearnsOfTakenLanesOnlyTheLanes) {
  // No test before this one has left lanes in that list, and of so many fibers some get theirs
  // there: those are what a search looks at first.
  constexpr unsigned kFibers = 64;
  const unsigned processor = this_thread.processor;
  this_thread.processor = kProcessorLists - 1;
  note_run_started(/*parallel=*/true);
  std::set<LaneId> lanes;
  {
    static uint64_t words[kFibers];
    FakeFiber fibers[kFibers];
    for (unsigned i = 0; i < kFibers; ++i) {
      fibers[i].run([&] {
        lanes.insert(this_thread.fiber->clock.lane());
        __fsan_write8(&words[i], 1);
      });
    }
  }
  __fsan_run_finished();

  note_run_started(/*parallel=*/true);
  bool took_one = false;
  thread_of([&] {
    writes(16)();
    thread_of([&] { took_one = lanes.contains(this_thread.fiber->clock.lane()); });
  });
  EXPECT_TRUE(took_one);
  __fsan_run_finished();
  writes(16)();
  EXPECT_EQ(recorded.races, 1);
  note_run_started(/*parallel=*/true);
  this_thread.processor = processor;
}

// What a fiber does in a call that outlasts its run is beside the ends of later runs, too.
TEST_F(Threads, LaterRunsDoNotJoinABlockingCall) {
  note_run_started(/*parallel=*/true);
  FakeFiber abandoned;
  abandoned.run([] { __fsan_blocking_call_begun(); });
  abandoned.goes_on_after_the_run();
  __fsan_run_finished();
  abandoned.run(writes(0));
  note_run_started(/*parallel=*/true);
  FakeFiber later;
  later.run(writes(8));
  later.end();
  __fsan_run_finished();
  writes(8)();
  EXPECT_EQ(recorded.races, 0);
  writes(0)();
  EXPECT_EQ(recorded.races, 1);
  abandoned.leave_to_the_run();
  concurrency.thread_gone();
  note_run_started(/*parallel=*/true);
}

}  // namespace
}  // namespace fibersan
