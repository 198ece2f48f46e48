// A suppressed global deadlock is no finding, and the program cannot go on all the same: it ends
// as a plain build does. So it is with report_bugs=0. Other findings count as always.
//
// RUN: echo 'deadlock:wait_for_ever' > %t.known && %fibersan %s -o %t
// RUN: %exits 2 env FIBERSAN_OPTIONS=suppressions='"'%t.known'"' %run %t 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: %exits 2 env FIBERSAN_OPTIONS=report_bugs=0 %run %t 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: %exits 66 env FIBERSAN_OPTIONS=suppressions='"'%t.known'"' %run %t race 2>&1 | FileCheck %s --check-prefixes=RACE,CHECK
// RUN: echo 'deadlock:of_something_else' > %t.other && %exits 66 env FIBERSAN_OPTIONS=suppressions='"'%t.other'"' %run %t 2>&1 | FileCheck %s --check-prefix=FOUND --implicit-check-not=fatal
#include <fiber/fiber.h>

int shared;

__attribute__((noinline)) void wait_for_ever() { fiber::Channel<int>().receive(); }

int main(int count, char**) {
  return fiber::run([count] {
    if (count > 1) {
      fiber::WaitGroup both;
      for (int i = 0; i < 2; ++i) both.go([] { ++shared; });
      both.wait();
    }
    wait_for_ever();
  });
}
// RACE: WARNING: FiberSan: data race
// CHECK: fatal error: all fibers are asleep - deadlock!
// CHECK: fiber 1
// RACE: FiberSan: reported 1 warnings
// FOUND: WARNING: FiberSan: global deadlock
// FOUND: FiberSan: reported 1 warnings
