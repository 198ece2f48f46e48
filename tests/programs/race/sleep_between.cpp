// The second access comes long after the first, but only the clock on the wall says so:
// sleep_for orders nothing. -DFIXED waits for the first fiber instead.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 late() {{.*}}sleep_between.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}sleep_between.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto writer = fiber::spawn([] { early(), turn.done(); });
#ifdef FIXED
    writer.join();
#else
    writer.detach();
    turn.after(1);
    fiber::sleep_for(std::chrono::milliseconds(100));
#endif
    std::printf("read %d\n", late());
  });
}
// CHECK: Fiber {{[0-9]+}} (finished) created by fiber 1 at:
// CHECK-NEXT: #0 {{.*}}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
