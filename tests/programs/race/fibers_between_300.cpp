// 300 fibers come and go between the two accesses of the pair, more than an 8-bit lane
// number could tell apart. -DFIXED joins the first one.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <vector>

#include "../turn.h"

int value;
Turn turn;

void late() {
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}fibers_between_300.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}fibers_between_300.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto first = fiber::spawn([] { early(), turn.done(); });
#ifdef FIXED
    first.join();
#endif
    fiber::WaitGroup last;
    last.go([] { turn.after(301), late(); });
    std::vector<int> own(300);
    fiber::WaitGroup crowd;
    for (int& cell : own) crowd.go([&cell] { turn.after(1), cell = 1, turn.done(); });
    last.wait();
    crowd.wait();
#ifndef FIXED
    first.join();
#endif
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
