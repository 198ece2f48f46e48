// Ten million other accesses between the two of the pair: more than the history holds.
// The race is reported all the same, with the fiber that made the first access and
// where that fiber was created. -DFIXED joins it.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 env FIBER_OPTIONS=preempt_ms=0 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <vector>

#include "../turn.h"

int value;
Turn turn;

void late() {
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}accesses_between.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'early':
  // CHECK-NEXT: stack no longer in history (history_size={{[0-9]+}})
}

void touch(std::vector<char>& bytes) {
  for (char& byte : bytes) *const_cast<volatile char*>(&byte) = 1;
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup first, last;
    first.go(fiber::FiberOptions{.name = "early"}, [] {
      value = 1;
      turn.done();
      // So that its own processor's ring is the one that fills up: nothing moves it to another.
      std::vector<char> bytes(10'000'000);
      touch(bytes);
      turn.done();
    });
#ifdef FIXED
    first.wait();
#endif
    last.go([] { turn.after(2), late(); });
    last.wait();
    first.wait();
    std::puts("done");
  });
}
// CHECK: Fiber {{[0-9]+}} 'early' ({{running|finished}}) created by fiber 1 at:
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
