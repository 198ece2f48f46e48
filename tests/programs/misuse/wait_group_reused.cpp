// A second round of a WaitGroup begins though nothing says that the wait of the first has returned:
// reused too early, with both stacks. -DFIXED joins who waits before the next round.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -DGLOBAL %s -o %t.global && %exits 66 %run %t.global 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#ifdef GLOBAL
fiber::WaitGroup group;
#endif

int main() {
  return fiber::run([] {
#ifndef GLOBAL
    fiber::WaitGroup group;
#endif
    group.add(1);
    auto waiter = fiber::spawn(fiber::FiberOptions{.name = "waiter"}, [&] { group.wait(); });
    while (fiber::stats().parks < 1) fiber::yield();
    group.done();
#ifdef FIXED
    waiter.join();
#endif
    group.add(1);
    group.done();
#ifndef FIXED
    waiter.join();
#endif
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: WaitGroup reused too early
// CHECK: Operation on waitgroup 0x{{[0-9a-f]+}}{{.*}} by fiber 1:
// CHECK: wait_group_reused.cpp:[[@LINE-10]]
// CHECK: Previous operation on waitgroup {{.*}} by fiber 2 'waiter':
// CHECK: wait_group_reused.cpp:[[@LINE-18]]
// CHECK: FiberSan: reported 1 warnings
// FIXED: done
