// One processor; the second fiber reaches its access only after many yields. A yield
// orders nothing. -DFIXED orders with a join.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int value;

void late() {
  for (int i = 0; i < 1000; ++i) fiber::yield();
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}yield_between.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}yield_between.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run(
      [] {
        auto one = fiber::spawn(early);
#ifdef FIXED
        one.join();
        fiber::spawn(late).join();
#else
        auto two = fiber::spawn(late);
        one.join();
        two.join();
#endif
        std::puts("done");
      },
      fiber::Options{.procs = 1});
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
