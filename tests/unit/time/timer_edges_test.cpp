// Exactly the happens-before edges of timers: from the last arming to its tick or call.
#include <atomic>

#include "edge_model.h"
#include "on_processors.h"

namespace {

using edge_model::before_here;
using edge_model::Event;
using edge_model::here;
using namespace fiber_test;
using fiber::ReceiveChannel;
using fiber::Ticker;
using fiber::TimePoint;
using fiber::Timer;

// A handle that travels without an edge: through an atomic that the model does not see.
template <class T>
class Unordered {
 public:
  void put(const T& value) {
    value_ = value;
    full_ = true;
  }
  const T& get() const {
    while (!full_) fiber::yield();
    return value_;
  }

 private:
  T value_;
  std::atomic<bool> full_{false};
};

struct Armed {
  Timer timer;
  Event before;
};

TEST(TimerEdges, ATickAfterItsArming) {
  on_processors([] {
    for (const auto wait : {0ms, 3ms}) {  // receiver first; tick first
      Unordered<Armed> armed;
      auto receiver = fiber::spawn([&] {
        const Armed& got = armed.get();
        fiber::sleep_for(wait);
        EXPECT_FALSE(before_here(got.before));
        got.timer.channel().receive();
        EXPECT_TRUE(before_here(got.before));
      });
      const Event before = here();
      armed.put({Timer(1ms), before});
      receiver.join();
    }
  });
}

TEST(TimerEdges, ATickAfterTheResetItComesFrom) {
  on_processors([] {
    Unordered<Armed> armed;
    auto receiver = fiber::spawn([&] {
      const Armed& got = armed.get();
      got.timer.channel().receive();
      EXPECT_TRUE(before_here(got.before));
    });
    const Timer timer(1h);
    const Event before = here();
    timer.reset(2ms);
    armed.put({timer, before});
    receiver.join();
  });
}

// Two fibers arm one timer: its tick is ordered after the second one's alone.
TEST(TimerEdges, ATickNotAfterAnEarlierArming) {
  in_fibers([] {
    const Timer timer(1h);
    Event first, second;
    std::atomic<bool> first_done{false};
    auto one = fiber::spawn([&] {
      first = here();
      timer.reset(1h);
      first_done = true;
    });
    auto two = fiber::spawn([&] {
      while (!first_done) fiber::yield();
      second = here();
      timer.reset(1ms);
    });
    timer.channel().receive();
    EXPECT_FALSE(before_here(first));
    EXPECT_TRUE(before_here(second));
    one.join();
    two.join();
  });
}

// On one processor the receiver is woken first and runs last: in between the timer is reset.
TEST(TimerEdges, AReceiverThatWasWokenLearnsNothingOfALaterReset) {
  fiber::run(
      [] {
        int wakes_before_reset = 0;
        for (int round = 0; round < 20; ++round) {
          const Timer timer(1h);
          Event first, second;
          std::atomic<bool> reset{false};
          auto receiver = fiber::spawn([&] {
            timer.channel().receive();
            EXPECT_TRUE(before_here(first));
            if (!reset) return;
            ++wakes_before_reset;
            EXPECT_FALSE(before_here(second));
          });
          fiber::yield();  // the receiver waits
          const TimePoint begin = TimePoint::clock::now();
          fiber::go([begin] {
            while (TimePoint::clock::now() < begin + 1ms) {
            }
          });
          first = here();
          timer.reset(200us);
          fiber::sleep_until(begin + 400us);
          second = here();
          timer.reset(1h);
          reset = true;
          receiver.join();
        }
        EXPECT_GT(wakes_before_reset, 0);
      },
      {.procs = 1});
}

TEST(TimerEdges, EveryTickOfATickerAfterItsArmingAndNotAfterOtherReceives) {
  on_processors([] {
    Unordered<std::pair<ReceiveChannel<TimePoint>, Event>> armed;
    std::atomic<int> turn{0};
    Event received[2];
    const auto receive = [&](int who) {
      const auto& [channel, before] = armed.get();
      for (int round = 0; round < 4; ++round) {
        while (turn % 2 != who) fiber::yield();
        channel.receive();
        EXPECT_TRUE(before_here(before));
        if (turn > 0) EXPECT_FALSE(before_here(received[1 - who]));
        received[who] = here();
        ++turn;
      }
    };
    auto one = fiber::spawn(receive, 0);
    auto two = fiber::spawn(receive, 1);
    const Event before = here();
    const Ticker ticker(1ms);
    armed.put({ticker.channel(), before});
    one.join();
    two.join();
  });
}

TEST(TimerEdges, ACallAfterItsArmingAndNothingElse) {
  on_processors([] {
    const Event before = here();
    Event after;
    std::atomic<int> state{0};
    Event seen;
    const Timer timer = fiber::after_func(1ms, [&] {
      EXPECT_TRUE(before_here(before));
      while (state == 0) fiber::yield();
      EXPECT_FALSE(before_here(after));
      seen = here();
      state = 2;
    });
    after = here();
    state = 1;
    while (state != 2) fiber::yield();
    EXPECT_FALSE(before_here(seen));
    timer.stop();
    EXPECT_FALSE(before_here(seen));
  });
}

// On one processor too: timers do not order each other.
TEST(TimerEdges, TwoTimersAreUnordered) {
  on_processors([] {
    std::atomic<int> done{0};
    Event first;
    fiber::after_func(0ms, [&] {
      first = here();
      done = 1;
    });
    while (done != 1) fiber::yield();
    fiber::after_func(0ms, [&] {
      EXPECT_FALSE(before_here(first));
      done = 2;
    });
    while (done != 2) fiber::yield();
  });
}

TEST(TimerEdges, SleepingOrdersNothing) {
  on_processors([] {
    Event early;
    std::atomic<bool> done{false};
    fiber::go([&] {
      early = here();
      done = true;
    });
    fiber::sleep_for(3ms);
    while (!done) fiber::yield();
    EXPECT_FALSE(before_here(early));
  });
}

TEST(TimerEdges, TheCallableIsDestroyedAfterItsCalls) {
  on_processors([] {
    struct Checked {
      Event* called;
      std::atomic<bool>* destroyed;
      bool real = true;
      Checked(Event* c, std::atomic<bool>* d) : called(c), destroyed(d) {}
      Checked(Checked&& other) noexcept
          : called(other.called),
            destroyed(other.destroyed),
            real(std::exchange(other.real, false)) {}
      ~Checked() {
        if (!real) return;
        EXPECT_TRUE(before_here(*called));
        *destroyed = true;
      }
      void operator()() { *called = here(); }
    };
    Event called;
    std::atomic<bool> destroyed{false};
    Timer timer = fiber::after_func(0ms, Checked(&called, &destroyed));
    while (called.fiber == 0) fiber::yield();
    timer = Timer();
    while (!destroyed) fiber::yield();
  });
}

TEST(TimerEdges, CallsOfOneTimerAreUnordered) {
  on_processors([] {
    std::atomic<int> calls{0};
    Event first;
    const Timer timer = fiber::after_func(0ms, [&] {
      if (calls == 0) {
        first = here();
      } else {
        EXPECT_FALSE(before_here(first));
      }
      ++calls;
    });
    while (calls != 1) fiber::yield();
    timer.reset(0ms);
    while (calls != 2) fiber::yield();
  });
}

}  // namespace
