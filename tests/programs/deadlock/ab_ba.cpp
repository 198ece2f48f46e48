// Two fibers take two mutexes in opposite orders, and each has got its first: found when the
// second one blocks, and once more as the reason why nothing goes on.
// -DFIXED takes both in one order.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

fiber::Mutex a, b;
Turn turn;

void forth() {
  std::scoped_lock first(a);
  turn.done();
#ifndef FIXED
  turn.after(2);
#endif
  std::scoped_lock second(b);
}

void back() {
#ifdef FIXED
  std::scoped_lock first(a), second(b);
#else
  std::scoped_lock first(b);
  turn.done();
  turn.after(2);
  std::scoped_lock second(a);
#endif
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: waits: mutex lock
// CHECK: WARNING: FiberSan: global deadlock
// CHECK-DAG: Fiber {{[0-9]+}} 'forth' waits: mutex lock on mutex 0x{{[0-9a-f]+}}
// CHECK-DAG: forth() {{.*}}ab_ba.cpp:[[@LINE-17]]
// CHECK-DAG: Fiber {{[0-9]+}} 'back' waits: mutex lock on mutex 0x{{[0-9a-f]+}}
// CHECK-DAG: back() {{.*}}ab_ba.cpp:[[@LINE-9]]

int main() {
  return fiber::run([] {
    auto one = fiber::spawn(fiber::FiberOptions{.name = "forth"}, forth);
    auto two = fiber::spawn(fiber::FiberOptions{.name = "back"}, back);
    one.join();
    two.join();
    std::puts("done");
  });
}
// CHECK-DAG: Fiber 1 waits: join
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: fiber 1{{.*}}join
// PLAIN-DAG: 'forth'{{.*}}mutex lock
// PLAIN-DAG: 'back'{{.*}}mutex lock
