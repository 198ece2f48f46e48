// The callbacks of two timers are two fibers that nothing orders, on one processor too, and
// however far their times lie apart. -DFIXED orders them by a channel.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../../turn.h"

using namespace std::chrono_literals;

Turn turn;
int value;

void first() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber [[FIRST:[0-9]+]]:
  // CHECK-NEXT: #0 first() {{.*}}two_timers.cpp:[[@LINE-3]]
}

void second() { value = 2; }

int main() {
  return fiber::run([] {
    fiber::Channel<int> order(1);
    fiber::after_func(1ms, [order] {
      first();
#ifdef FIXED
      order.send(1);
#endif
      turn.done();
    });
    fiber::after_func(20ms, [order] {
#ifdef FIXED
      order.receive();
#endif
      turn.after(1);
      second();
      turn.done();
    });
    turn.after(2);
    std::printf("done\n");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
