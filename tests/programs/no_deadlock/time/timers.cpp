// All fibers wait, but a timer will wake one: no deadlock. By each kind of timer.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
    fiber::after(20ms).receive();
    std::printf("after\n");
    fiber::Ticker ticker(20ms);
    for (int i = 0; i < 2; ++i) ticker.channel().receive();
    std::printf("ticker\n");
    fiber::Channel<int> channel;
    fiber::after_func(20ms, [channel] { channel.send(1); });
    channel.receive();
    std::printf("after_func\n");
    fiber::Timer timer(1h);
    fiber::after_func(20ms, [timer] { timer.reset(20ms); });
    timer.channel().receive();
    std::printf("reset\n");
    // What is armed when main returns never fires.
    fiber::after_func(1h, [] { std::printf("never\n"); });
  });
}
// CHECK: after
// CHECK-NEXT: ticker
// CHECK-NEXT: after_func
// CHECK-NEXT: reset
// CHECK-NOT: never
