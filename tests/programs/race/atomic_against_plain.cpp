// An atomic access is no protection when the other access is a plain one.
// -DFIXED makes both atomic.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void late() {
#ifdef FIXED
  __atomic_store_n(&value, 2, __ATOMIC_RELAXED);
#else
  value = 2;
  // CHECK: WARNING: FiberSan: data race of atomic and plain access
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}atomic_against_plain.cpp:[[@LINE-3]]
#endif
}

void early() {
  __atomic_fetch_add(&value, 1, __ATOMIC_SEQ_CST);
  // CHECK: Previous atomic write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}atomic_against_plain.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
