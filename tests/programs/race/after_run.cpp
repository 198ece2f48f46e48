// Every run counts: a race in the second run() is found after a clean first one, and
// what follows run() is ordered after all that its fibers did.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void second_run() {
  fiber::WaitGroup first, second;
  first.go([] { value = 2, turn.done(); });
#ifdef FIXED
  first.wait();
#endif
  second.go([] {
    turn.after(1);
    value = 3;
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Write of size 4
    // CHECK-NEXT: #0 {{.*}}after_run.cpp:[[@LINE-3]]
    // CHECK: Previous write of size 4
    // CHECK-NEXT: #0 {{.*}}after_run.cpp:[[@LINE-11]]
  });
  second.wait();
  first.wait();
}

int main() {
  fiber::run([] { fiber::spawn([] { value = 1; }).join(); });
  value = value + 1;
  fiber::run(second_run);
  value = value + 1;
  std::printf("value %d\n", value);
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: value 4
