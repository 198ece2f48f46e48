// A read, then an unordered write by another fiber. -DFIXED joins the reader first.
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
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}read_write.cpp:[[@LINE-3]]
}

int early() {
  return value;
  // CHECK: Previous read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}read_write.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto reader = fiber::spawn([] { std::printf("read %d\n", early()), turn.done(); });
#ifdef FIXED
    reader.join();
#endif
    auto writer = fiber::spawn([] { turn.after(1), late(); });
#ifndef FIXED
    reader.join();
#endif
    writer.join();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
