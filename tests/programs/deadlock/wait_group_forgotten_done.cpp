// One path of the worker returns without done(). -DFIXED defers it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>

void work(fiber::WaitGroup& group, int n) {
#ifdef FIXED
  fiber::Defer done([&group] { group.done(); });
  if (n == 3) return;
#else
  if (n == 3) return;
  group.done();
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup group;
    group.add(5);
    for (int n = 0; n < 5; ++n) fiber::go([&group, n] { work(group, n); });
    group.wait();
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: waitgroup wait on waitgroup 0x{{[0-9a-f]+}}
    // CHECK: {{.*}}wait_group_forgotten_done.cpp:[[@LINE-3]]
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}waitgroup wait
