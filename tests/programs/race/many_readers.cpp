// Ten thousand fibers read, then one writes that waited for none of them: each reader
// is a race with it, all with the same two stacks, so there is one report.
// -DFIXED waits for all of them.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void late() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 late() {{.*}}many_readers.cpp:[[@LINE-3]]
}

void early() {
  if (value != 0) std::puts("already written");
  // CHECK: Previous read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}many_readers.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup readers;
    for (int i = 0; i < 10'000; ++i) readers.go([] { early(), turn.done(); });
#ifdef FIXED
    readers.wait();
#endif
    turn.after(10'000);
    late();
    readers.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
