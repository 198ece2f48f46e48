// Between the two accesses 500 other fibers go through the run queue of the processor,
// and more than it holds wait in it: passing a queue orders nothing.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void late() {
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'late':
  // CHECK-NEXT: #0 late() {{.*}}contended_queue_between.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'early':
  // CHECK-NEXT: #0 early() {{.*}}contended_queue_between.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup first, crowd, last;
    first.go(fiber::FiberOptions{.name = "early"}, [] { early(), turn.done(); });
#ifdef FIXED
    first.wait();
#endif
    last.go(fiber::FiberOptions{.name = "late"}, [] { turn.after(501), late(); });
    for (int i = 0; i < 500; ++i)
      crowd.go([] {
        turn.after(1);
        for (int round = 0; round < 4; ++round) fiber::yield();
        turn.done();
      });
    first.wait();
    crowd.wait();
    last.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
