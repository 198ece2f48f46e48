// Both accesses are at the end of a recursion: the stacks show its levels.
// -DFIXED joins the first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;
volatile int zero = 0;

[[gnu::noinline]] int descend(int levels) {
  if (levels == 0) return value = 1;
  return descend(levels - 1) + zero;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: #0 descend(int) {{.*}}deep_recursion.cpp:[[@LINE-3]]
  // CHECK-NEXT: #1 descend(int) {{.*}}deep_recursion.cpp:[[@LINE-3]]
  // CHECK-NEXT: #2 descend(int) {{.*}}deep_recursion.cpp:[[@LINE-4]]
  // CHECK: #20 descend(int)
  // CHECK: Previous write of size 4
  // CHECK-NEXT: #0 descend(int) {{.*}}deep_recursion.cpp:[[@LINE-8]]
  // CHECK-NEXT: #1 descend(int) {{.*}}deep_recursion.cpp:[[@LINE-8]]
  // CHECK: #20 descend(int)
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup first, second;
    first.go([] { descend(20), turn.done(); });
#ifdef FIXED
    first.wait();
#endif
    second.go([] { turn.after(1), descend(20); });
    first.wait();
    second.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
