// A detached fiber is ordered with nothing that comes later, also when it had ended before it
// was detached. -DFIXED joins it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 late() {{.*}}detached.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber 2:
  // CHECK-NEXT: #0 early() {{.*}}detached.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto handle = fiber::spawn([] { early(), turn.done(); });
#ifdef FIXED
    handle.join();
#else
    turn.after(1);
    for (int i = 0; i < 20; ++i) fiber::yield();
    handle.detach();
#endif
    std::printf("read %d\n", late());
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
