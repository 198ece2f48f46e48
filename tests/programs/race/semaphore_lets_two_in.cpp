// A Semaphore with two permits is no lock. -DFIXED has one permit, which is one:
// who releases a permit happens before who acquires it next.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

#ifdef FIXED
fiber::Semaphore permits(1);
#else
fiber::Semaphore permits(2);
#endif
int value;
Turn turn;

void late() {
  permits.acquire();
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}semaphore_lets_two_in.cpp:[[@LINE-3]]
  permits.release();
}

void early() {
  permits.acquire();
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}semaphore_lets_two_in.cpp:[[@LINE-2]]
  turn.done();
#ifndef FIXED
  turn.after(2);
#endif
  permits.release();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go(early);
    both.go([] { turn.after(1), late(), turn.done(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
