// Ticker: Go 1.23's rules, one test each.
#include "armed.h"
#include "on_processors.h"

namespace {

using namespace fiber_test;
using fiber::Ticker;
using fiber::TimePoint;
using Steady = TimePoint::clock;

TEST(Ticker, TicksEachPeriod) {
  on_processors([] {
    const TimePoint begin = Steady::now();
    const Ticker ticker(3ms);
    for (int i = 1; i <= 4; ++i) EXPECT_GE(*ticker.channel().receive(), begin + i * 3ms);
  });
}

TEST(Ticker, DropsTicksForASlowReceiver) {
  on_processors([] {
    const Ticker ticker(1ms);
    fiber::sleep_for(20ms);
    EXPECT_TRUE(ticker.channel().try_receive());
    EXPECT_EQ(ticker.channel().size(), 0U);
    int at_once = 0;
    const TimePoint now = Steady::now();
    while (ticker.channel().try_receive() && Steady::now() < now + 100us) ++at_once;
    EXPECT_LE(at_once, 1);
    EXPECT_TRUE(ticker.channel().receive());
  });
}

// A receiver that comes late shifts no later tick: it takes the first one in the middle of the
// third period, and gets the next one at its end. A busy machine may be late a few times.
TEST(Ticker, KeepsItsPhase) {
  in_fibers([] {
    constexpr auto kPeriod = 20ms;
    for (int attempt = 0; attempt < 20; ++attempt) {
      const TimePoint begin = Steady::now();
      const Ticker ticker(kPeriod);
      fiber::sleep_until(begin + kPeriod * 5 / 2);
      ASSERT_GE(*ticker.channel().receive(), begin + kPeriod);
      const TimePoint second = *ticker.channel().receive();
      ASSERT_GE(second, begin + 3 * kPeriod);
      if (second < begin + kPeriod * 10 / 3) return;
    }
    FAIL() << "the second tick never came before a third of its period was over";
  });
}

TEST(Ticker, NobodyListensAndNothingIsArmed) {
  in_fibers([] {
    const Ticker ticker(1ms);
    let_timers_fire();
    EXPECT_TRUE(ticker.channel().receive());
    EXPECT_TRUE(timers_armed());
  });
}

TEST(Ticker, StopEndsTheTicksAndLeavesTheChannelOpen) {
  on_processors([] {
    const Ticker ticker(1ms);
    ticker.channel().receive();
    let_timers_fire();
    ticker.stop();
    ticker.stop();
    TimePoint tick;
    EXPECT_EQ(ticker.channel().try_receive(tick), fiber::ChannelStatus::kEmpty);
    EXPECT_EQ(ticker.channel().receive_for(tick, 5ms), fiber::ChannelStatus::kTimeout);
  });
}

TEST(Ticker, ResetChangesThePeriod) {
  on_processors([] {
    const Ticker ticker(1h);
    const TimePoint reset = Steady::now();
    ticker.reset(2ms);
    EXPECT_GE(*ticker.channel().receive(), reset + 2ms);
    EXPECT_GE(*ticker.channel().receive(), reset + 4ms);
    ticker.stop();
    ticker.reset(2ms);
    EXPECT_TRUE(ticker.channel().receive());
    ticker.reset(1h);
    EXPECT_FALSE(ticker.channel().receive_for(5ms));
  });
}

TEST(Ticker, ResetWithdrawsTheStaleTick) {
  in_fibers([] {
    const Ticker ticker(1ms);
    let_timers_fire();
    ticker.reset(1h);
    EXPECT_FALSE(ticker.channel().try_receive());
  });
}

TEST(Ticker, ThePeriodHasToBePositive) {
  in_fibers([] {
    EXPECT_THROW(Ticker(0ms), fiber::Error);
    EXPECT_THROW(Ticker(-1ms), fiber::Error);
    EXPECT_THROW(Ticker(1h).reset(0s), fiber::Error);
    Ticker(0.25ns).stop();  // rounded up
  });
}

TEST(Ticker, EmptyOneHasNoChannelAndCannotBeReset) {
  in_fibers([] {
    const Ticker ticker;
    EXPECT_FALSE(ticker);
    EXPECT_FALSE(ticker.channel());
    ticker.stop();
    EXPECT_THROW(ticker.reset(1ms), fiber::Error);
  });
}

TEST(Ticker, CanBeIteratedOver) {
  on_processors([] {
    const Ticker ticker(1ms);
    int ticks = 0;
    for (TimePoint tick : ticker.channel()) {
      EXPECT_LE(tick, Steady::now());
      if (++ticks == 3) break;
    }
    EXPECT_EQ(ticks, 3);
  });
}

}  // namespace
