// stop() returns false while the callback runs, and neither waits for it nor comes after it.
// -DFIXED waits for it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../../turn.h"

using namespace std::chrono_literals;

Turn turn;
int value;

void write() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 write() {{.*}}stop_orders_nothing.cpp:[[@LINE-3]]
}

int main() {
  return fiber::run([] {
    fiber::Channel<int> done(1);
    fiber::Timer timer = fiber::after_func(0ms, [done] {
      write();
      done.send(1);
      turn.done();
    });
    turn.after(1);
    std::printf("stopped %d\n", timer.stop());
#ifdef FIXED
    done.receive();
#endif
    std::printf("read %d\n", value);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: stopped 0
// FIXED: read 1
