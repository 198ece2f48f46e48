// Timer and after(): Go 1.23's rules, one test each.
#include "armed.h"
#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::TimePoint;
using fiber::Timer;
using Steady = TimePoint::clock;

constexpr auto kLong = 1h;

TEST(Timer, TicksOnceAndNotTooEarly) {
  on_processors([] {
    const TimePoint begin = Steady::now();
    const Timer timer(10ms);
    const TimePoint tick = *timer.channel().receive();
    EXPECT_GE(tick, begin + 10ms);
    EXPECT_LE(tick, Steady::now());
    EXPECT_FALSE(timer.channel().receive_for(20ms));
  });
}

TEST(Timer, ATickThatWaitsIsReceivedLater) {
  in_fibers([] {
    const Timer timer(0ms);
    let_timers_fire();
    fiber::sleep_for(1ms);
    const TimePoint now = Steady::now();
    EXPECT_LT(*timer.channel().receive(), now);
  });
}

TEST(Timer, ItsChannelIsUnbuffered) {
  in_fibers([] {
    const Timer timer(0ms);
    let_timers_fire();
    EXPECT_EQ(timer.channel().size(), 0U);
    EXPECT_EQ(timer.channel().capacity(), 0U);
    EXPECT_TRUE(timer.channel().try_receive());
    EXPECT_FALSE(timer.channel().try_receive());
  });
}

TEST(Timer, StopPreventsTheTick) {
  on_processors([] {
    const Timer timer(5ms);
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.channel().receive_for(20ms));
  });
}

TEST(Timer, StopAfterTheTickWasReceivedReturnsFalse) {
  in_fibers([] {
    const Timer timer(0ms);
    timer.channel().receive();
    EXPECT_FALSE(timer.stop());
  });
}

// As of Go 1.23: the tick that waits is withdrawn.
TEST(Timer, StopAfterTheTimeWithdrawsTheTick) {
  on_processors([] {
    const Timer timer(0ms);
    let_timers_fire();
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.channel().try_receive());
    EXPECT_FALSE(timer.stop());
  });
}

TEST(Timer, ResetOfAnActiveTimerMovesItsTime) {
  on_processors([] {
    const TimePoint begin = Steady::now();
    const Timer timer(kLong);
    EXPECT_TRUE(timer.reset(10ms));
    EXPECT_GE(*timer.channel().receive(), begin + 10ms);
    const Timer later(1ms);
    EXPECT_TRUE(later.reset(kLong));
    EXPECT_FALSE(later.channel().receive_for(10ms));
  });
}

TEST(Timer, ResetOfAStoppedOrReceivedTimerReturnsFalse) {
  in_fibers([] {
    const Timer timer(kLong);
    timer.stop();
    EXPECT_FALSE(timer.reset(0ms));
    timer.channel().receive();
    EXPECT_FALSE(timer.reset(0ms));
    EXPECT_TRUE(timer.channel().receive());
  });
}

TEST(Timer, ResetWithdrawsTheStaleTick) {
  on_processors([] {
    const Timer timer(0ms);
    let_timers_fire();
    EXPECT_TRUE(timer.reset(kLong));
    EXPECT_FALSE(timer.channel().try_receive());
    const TimePoint reset = Steady::now();
    timer.reset(0ms);
    EXPECT_GE(*timer.channel().receive(), reset);
  });
}

TEST(Timer, ZeroAndLessTicksAtOnce) {
  in_fibers([] {
    EXPECT_TRUE(Timer(0ms).channel().receive());
    EXPECT_TRUE(Timer(-1h).channel().receive());
    EXPECT_TRUE(Timer(std::chrono::hours::min()).channel().receive());
    EXPECT_TRUE(Timer(0.5s * 0).channel().receive());
  });
}

TEST(Timer, OfLongerThanAnyTimeNeverTicks) {
  in_fibers([] {
    const Timer timer(std::chrono::hours::max());
    EXPECT_FALSE(timer.channel().receive_for(2ms));
    EXPECT_TRUE(timer.stop());
  });
}

TEST(Timer, EmptyOneHasNoChannelAndCannotBeReset) {
  in_fibers([] {
    const Timer timer;
    EXPECT_FALSE(timer);
    EXPECT_FALSE(timer.channel());
    EXPECT_FALSE(timer.stop());
    EXPECT_THROW(timer.reset(1ms), fiber::Error);
    EXPECT_TRUE(Timer(1ms));
  });
}

TEST(Timer, CannotBeMadeOutsideOfFibers) {
  EXPECT_THROW(Timer(1ms), fiber::Error);
  EXPECT_THROW(fiber::Ticker(1ms), fiber::Error);
  EXPECT_THROW(fiber::after_func(1ms, [] {}), fiber::Error);
}

TEST(Timer, CopiesAreTheSameTimer) {
  in_fibers([] {
    Timer timer(kLong);
    const Timer copy = timer;
    timer = Timer();
    EXPECT_TRUE(copy.stop());
  });
}

TEST(Timer, IsACaseOfSelect) {
  on_processors([] {
    const fiber::Channel<int> never;
    const Timer timer(3ms);
    size_t taken = 9;
    // Not yet: otherwise() is taken.
    const Timer far(kLong);
    taken = fiber::select(fiber::on_receive(far.channel()), fiber::otherwise());
    EXPECT_EQ(taken, 1U);
    taken = fiber::select(fiber::on_receive(never), fiber::on_receive(timer.channel()));
    EXPECT_EQ(taken, 1U);
    // And a tick that waits already.
    far.stop();
    timer.reset(0ms);
    let_timers_fire();
    taken = fiber::select(fiber::on_receive(never), fiber::on_receive(timer.channel()),
                          fiber::otherwise());
    EXPECT_EQ(taken, 1U);
  });
}

TEST(Timer, ALosingSelectCaseKeepsItsTick) {
  in_fibers([] {
    const fiber::Channel<int> ready(1);
    ready.send(1);
    const Timer timer(kLong);
    EXPECT_EQ(fiber::select(fiber::on_receive(ready), fiber::on_receive(timer.channel())), 0U);
    timer.reset(0ms);
    EXPECT_TRUE(timer.channel().receive());
  });
}

TEST(Timer, OneOfManyReceiversGetsTheTick) {
  on_processors([] {
    const Timer timer(2ms);
    std::atomic<int> received{0};
    fiber::WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.go([&] {
        if (timer.channel().receive_for(40ms)) ++received;
      });
    }
    group.wait();
    EXPECT_EQ(received, 1);
  });
}

TEST(After, TicksThoughNobodyHoldsTheTimer) {
  on_processors([] {
    const TimePoint begin = Steady::now();
    EXPECT_GE(*fiber::after(5ms).receive(), begin + 5ms);
  });
}

TEST(After, ManyAtOnceEachAtItsTime) {
  on_processors([] {
    const TimePoint begin = Steady::now();
    std::vector<fiber::ReceiveChannel<TimePoint>> channels;
    for (int i = 0; i < 20; ++i) channels.push_back(fiber::after((19 - i) * 1ms));
    for (int i = 0; i < 20; ++i) EXPECT_GE(*channels[i].receive(), begin + (19 - i) * 1ms);
  });
}

// What nobody can receive from is not kept until it is due.
TEST(After, ADroppedChannelTakesItsTimerAlong) {
  in_fibers([] {
    for (int i = 0; i < 100; ++i) fiber::after(kLong);
    EXPECT_FALSE(timers_armed());
  });
}

}  // namespace
