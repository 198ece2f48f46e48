// What timers order: an arming before its ticks and its call, the callable's construction
// before its calls, those before its destruction.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "../../turn.h"

using namespace std::chrono_literals;

Turn turn;

struct Owner {
  std::unique_ptr<std::string> text;
  int calls = 0;
  void operator()() {
    ++calls;
    *text += std::to_string(calls);
    turn.done();
  }
};

int main() {
  return fiber::run([] {
    int value = 0;
    fiber::Timer timer(1h);
    fiber::Ticker ticker(1h);
    auto receiver = fiber::spawn([&, timer, ticker] {
      timer.channel().receive();
      std::printf("timer %d\n", value);
      ticker.channel().receive();
      ticker.channel().receive();
      std::printf("ticker %d\n", value);
    });
    value = 1;
    timer.reset(1ms);
    ticker.reset(2ms);
    receiver.join();

    fiber::after_func(1ms, [&value] {
      std::printf("called %d\n", value);
      turn.done();
    });
    turn.after(1);

    // Called again only when the call before is over: by a reset that follows it in time and
    // comes after it through the channel.
    fiber::Channel<int> called;
    fiber::Timer again = fiber::after_func(1ms, [called, n = 0]() mutable {
      ++n;
      called.send(n);
    });
    std::printf("again %d\n", *called.receive());
    again.reset(1ms);
    std::printf("again %d\n", *called.receive());

    {
      fiber::Timer owner = fiber::after_func(1ms, Owner{std::make_unique<std::string>("n")});
      turn.after(2);
    }
    int selected = 0;
    fiber::select(
        fiber::on_receive(fiber::after(1ms), [&](std::optional<fiber::TimePoint>) { ++selected; }),
        fiber::on_receive(fiber::after(1h)));
    std::printf("selected %d\n", selected);
  });
}
// CHECK: timer 1
// CHECK: ticker 1
// CHECK: called 1
// CHECK: again 1
// CHECK: again 2
// CHECK: selected 1
