// after_func(): Go's rules, one test each.
#include <memory>

#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::after_func;
using fiber::Channel;
using fiber::TimePoint;
using fiber::Timer;
using Steady = TimePoint::clock;

#if __has_feature(address_sanitizer)
// The run may end before the fiber of the last call has, which keeps what it owns.
extern "C" const char* __lsan_default_suppressions() { return "leak:AfterFunc_\n"; }
#endif

TEST(AfterFunc, RunsInAFiberOfItsOwnThatMayBlock) {
  on_processors([] {
    const Channel<uint64_t> ran;
    const Channel<int> go_on;
    const TimePoint begin = Steady::now();
    const Timer timer = after_func(3ms, [&] {
      go_on.receive();
      ran.send(fiber::this_fiber::id());
    });
    EXPECT_FALSE(timer.channel());
    go_on.send(1);
    EXPECT_GE(Steady::now(), begin + 3ms);
    EXPECT_NE(*ran.receive(), fiber::this_fiber::id());
  });
}

TEST(AfterFunc, DroppingTheTimerDoesNotStopIt) {
  on_processors([] {
    const Channel<int> ran;
    after_func(2ms, [ran] { ran.send(1); });
    EXPECT_EQ(ran.receive(), 1);
  });
}

TEST(AfterFunc, StopPreventsTheCallOnce) {
  on_processors([] {
    bool ran = false;
    const Timer timer = after_func(2ms, [&] { ran = true; });
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    fiber::sleep_for(8ms);
    EXPECT_FALSE(ran);
  });
}

// The call has been started and blocks: stop() neither ends it nor waits for it.
TEST(AfterFunc, StopDoesNotWaitForACallThatRuns) {
  on_processors([] {
    const Channel<int> steps;
    const Timer timer = after_func(0ms, [steps] {
      steps.send(1);
      steps.send(2);
    });
    EXPECT_EQ(steps.receive(), 1);
    EXPECT_FALSE(timer.stop());
    EXPECT_EQ(steps.receive(), 2);
  });
}

TEST(AfterFunc, ResetCallsAgainEvenWhileACallRuns) {
  on_processors([] {
    const Channel<int> entered;
    const Channel<int> leave;
    const Timer timer = after_func(0ms, [&] {
      entered.send(1);
      leave.receive();
    });
    entered.receive();
    EXPECT_FALSE(timer.reset(0ms));
    entered.receive();
    EXPECT_FALSE(timer.reset(1h));
    EXPECT_TRUE(timer.reset(0ms));
    entered.receive();
    for (int i = 0; i < 3; ++i) leave.send(1);
  });
}

// Go's TestAfterFunc: a call that arms the next one.
TEST(AfterFunc, ACallMayResetItsOwnTimer) {
  on_processors([] {
    const Channel<int> ran;
    int left = 5;
    Timer timer;
    const Channel<int> set(1);
    timer = after_func(0ms, [&] {
      const int now = *set.receive();
      if (now > 1) {
        timer.reset(1ms);
        set.send(now - 1);
      }
      ran.send(now);
    });
    set.send(left);
    for (; left > 0; --left) EXPECT_EQ(ran.receive(), left);
  });
}

TEST(AfterFunc, TheCallableMayBeMoveOnlyAndIsDestroyedAtLast) {
  on_processors([] {
    auto value = std::make_unique<int>(7);
    const std::shared_ptr<int> alive = std::make_shared<int>(0);
    const Channel<int> ran;
    Timer timer = after_func(0ms, [&ran, alive, value = std::move(value)] { ran.send(*value); });
    EXPECT_EQ(ran.receive(), 7);
    EXPECT_EQ(alive.use_count(), 2);
    timer = Timer();
    while (alive.use_count() != 1) fiber::yield();

    Timer stopped = after_func(1h, [alive] {});
    EXPECT_EQ(alive.use_count(), 2);
    EXPECT_TRUE(stopped.stop());
    stopped = Timer();
    EXPECT_EQ(alive.use_count(), 1);
  });
}

TEST(AfterFunc, ACallableThatThrowsWhenCopiedLeavesNothing) {
  struct Throws {
    Throws() = default;
    Throws(const Throws&) { throw 1; }
    void operator()() {}
  };
  in_fibers([] {
    const Throws throws;
    EXPECT_THROW(after_func(1ms, throws), int);
  });
}

TEST(AfterFunc, ACallMayEndByExitFiber) {
  on_processors([] {
    const std::shared_ptr<int> alive = std::make_shared<int>(0);
    after_func(0ms, [alive] { fiber::exit_fiber(); });
    while (alive.use_count() != 1) fiber::yield();
  });
}

TEST(AfterFunc, ManyAtOnce) {
  on_processors([] {
    constexpr int kMany = 2000;
    fiber::WaitGroup group;
    group.add(kMany);
    for (int i = 0; i < kMany; ++i) after_func((i % 5) * 1ms, [&] { group.done(); });
    group.wait();
  });
}

}  // namespace
