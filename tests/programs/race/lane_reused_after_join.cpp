// The child ends, its parent joins it and starts a successor, which may take over the
// child's lane. A third fiber, unordered with the child, touches the child's data.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int data, other;
Turn turn;

void third() {
  data = 3;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'third':
  // CHECK-NEXT: #0 third() {{.*}}lane_reused_after_join.cpp:[[@LINE-3]]
}

void child() {
  data = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'child':
  // CHECK-NEXT: #0 child() {{.*}}lane_reused_after_join.cpp:[[@LINE-2]]
}

void successor() { other = 2; }

int main() {
  return fiber::run([] {
    fiber::WaitGroup first, second, last;
    fiber::Channel<int> children_ended(1);
    last.go(fiber::FiberOptions{.name = "third"}, [=]() mutable {
#ifdef FIXED
      children_ended.receive();
#endif
      turn.after(1);
      third();
    });
    first.go(fiber::FiberOptions{.name = "child"}, child);
    first.wait();
    second.go(fiber::FiberOptions{.name = "successor"}, successor);
    second.wait();
    children_ended.send(1);
    turn.done();
    last.wait();
    std::puts("done");
  });
}
// CHECK: Fiber {{[0-9]+}} 'child' (finished) created by fiber 1 at:
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
