// Nobody calls cancel(), and an earlier child's deadline is no business of its parent: the
// wait for done() never ends. -DFIXED gives the parent the deadline.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
#ifdef FIXED
    auto [parent, cancel] = fiber::with_timeout({}, 10ms);
#else
    auto [parent, cancel] = fiber::with_cancel({});
#endif
    auto [child, cancel_child] = fiber::with_timeout(parent, 1ms);
    child.done().receive();
    parent.done().receive();
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: chan receive on channel 0x{{[0-9a-f]+}}
    // CHECK: {{.*}}context_never_cancelled.cpp:[[@LINE-3]]
    std::printf("done\n");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}chan receive
