// select: the index counts all arguments, the choice is fair, and a Select may be used
// again.
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
    fiber::Channel<int> a(1), b(1), full(1), never;
    full.send(0);
    int taken_a = 0;
    for (int i = 0; i < 1000; ++i) {
      a.send(1), b.send(2);
      if (fiber::select(fiber::on_timeout(1h), fiber::on_receive(a), fiber::on_receive(b)) == 1) {
        ++taken_a;
        b.receive();
      } else {
        a.receive();
      }
    }
    std::printf("fair: %d\n", taken_a > 300 && taken_a < 700);
    std::printf("otherwise %zu\n", fiber::select(fiber::on_send(full, 1), fiber::on_receive(never),
                                                 fiber::otherwise([] {})));
    std::printf("time-out %zu\n", fiber::select(fiber::on_receive(never), fiber::on_timeout(1h),
                                                fiber::on_timeout(1ms)));
    fiber::Select again;
    int sum = 0;
    again.add(fiber::on_receive(a, [&](std::optional<int> n) { sum += *n; }))
        .add(fiber::on_send(b, 10));
    for (int i = 0; i < 5; ++i) {
      a.send(i);
      while (again.wait() != 0) sum += *b.receive();
      while (b.try_receive()) sum += 0;
    }
    std::printf("sum %d\n", sum % 10);
    a.close();
    again.clear();
    again.add(fiber::on_receive(
        a, [](std::optional<int> n) { std::printf("open %d\n", n.has_value()); }));
    again.wait();
  });
}
// CHECK: fair: 1
// CHECK: otherwise 2
// CHECK: time-out 2
// CHECK: sum 0
// CHECK: open 0
