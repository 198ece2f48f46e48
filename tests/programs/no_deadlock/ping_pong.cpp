// Again and again every fiber but one waits, and the last one goes to sleep at the very
// moment that another is woken: never a deadlock.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> ping, pong;
    fiber::go([=] {
      for (int n : ping) pong.send(n + 1);
      pong.close();
    });
    long sum = 0;
    for (int i = 0; i < 20000; ++i) {
      ping.send(i);
      sum += *pong.receive();
      if (i % 2000 == 0) fiber::sleep_for(std::chrono::microseconds(200));
    }
    ping.close();
    std::printf("sum %ld, closed %d\n", sum, !pong.receive().has_value());
  });
}
// CHECK: sum 200010000, closed 1
