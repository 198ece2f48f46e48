// A local variable that a fiber has by reference is shared memory, at any offset into
// it. -DFIXED gives the fiber a copy.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -fPIC %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -fPIC -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <array>
#include <cstdio>

#include "../turn.h"

Turn turn;

int main() {
  return fiber::run([] {
    std::array<long, 8> local{};
    fiber::WaitGroup child;
#ifdef FIXED
    child.go([local]() mutable {
#else
    child.go([&local] {
#endif
      turn.after(1);
      local[5] = 2;
      // CHECK: WARNING: FiberSan: data race
      // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber 2:
      // CHECK-NEXT: #0 {{.*}}captured_local.cpp:[[@LINE-3]]
    });
    local[5] = 1;
    // CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber 1:
    // CHECK-NEXT: #0 {{.*}}captured_local.cpp:[[@LINE-2]]
    // CHECK: Location is stack of fiber 1
    turn.done();
    child.wait();
    std::printf("%ld\n", local[5]);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 1
