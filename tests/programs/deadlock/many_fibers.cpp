// A thousand fibers wait at one place for one thing: one group with its number, not a
// thousand stacks. -DFIXED wakes them.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Semaphore permits(0);
    fiber::WaitGroup all;
    for (int i = 0; i < 1000; ++i) all.go([&] { permits.acquire(); });
#ifdef FIXED
    permits.release(1000);
#endif
    all.wait();
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: global deadlock
// CHECK-DAG: Fiber 1 waits: waitgroup wait
// CHECK-DAG: Fibers 2-1001 (1000 in all) wait: semaphore acquire on semaphore 0x{{[0-9a-f]+}}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: fiber 1{{.*}}waitgroup wait
// PLAIN-DAG: semaphore acquire
