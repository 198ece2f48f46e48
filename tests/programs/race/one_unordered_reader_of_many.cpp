// A hundred fibers read. The writer has joined all of them but one, and that one is
// the race. -DFIXED joins it as well.
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

void late() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 late() {{.*}}one_unordered_reader_of_many.cpp:[[@LINE-3]]
}

void early() {
  if (value != 0) std::puts("already written");
  turn.done();
}
// CHECK: Previous read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'the odd one':
// CHECK-NEXT: #0 early() {{.*}}one_unordered_reader_of_many.cpp:[[@LINE-4]]

int main() {
  return fiber::run([] {
    fiber::WaitGroup joined, not_joined;
    for (int i = 0; i < 37; ++i) joined.go(early);
    not_joined.go(fiber::FiberOptions{.name = "the odd one"}, early);
    for (int i = 38; i < 100; ++i) joined.go(early);
    joined.wait();
#ifdef FIXED
    not_joined.wait();
#endif
    turn.after(100);
    late();
    not_joined.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
