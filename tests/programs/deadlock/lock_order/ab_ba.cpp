// Two fibers take two mutexes in different orders, one after the other, so that nothing is
// blocked: a deadlock that did not happen, with what both fibers did. -DFIXED has one order.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=second_deadlock_stack=1 %run %t 2>&1 | FileCheck %s --check-prefix=SECOND --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=detect_deadlocks=0 %run %t 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../../turn.h"

Turn turn;
fiber::Mutex accounts, journal;

void transfer() {
  std::scoped_lock first(accounts);
  std::scoped_lock second(journal);
}

void audit() {
#ifdef FIXED
  std::scoped_lock second(accounts);
  std::scoped_lock first(journal);
#else
  std::scoped_lock first(journal);
  std::scoped_lock second(accounts);
#endif
}

int main() {
  return fiber::run([] {
    fiber::go(fiber::FiberOptions{.name = "teller"}, [] {
      transfer();
      turn.done();
    });
    fiber::go(fiber::FiberOptions{.name = "auditor"}, [] {
      turn.after(1);
      audit();
      turn.done();
    });
    turn.after(2);
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: lock-order inversion (potential deadlock) (pid=
// CHECK-NEXT: Cycle in lock order: M1 (0x{{[0-9a-f]+}}) 'journal' => M2 (0x{{[0-9a-f]+}}) 'accounts' => M1
// CHECK-NEXT: Mutex M2 acquired by fiber [[#AUDITOR:]] 'auditor' while it held M1:
// CHECK-NEXT: #0 fiber::Mutex::lock
// CHECK: audit() {{.*}}ab_ba.cpp:29
// CHECK: Mutex M1 acquired before by fiber [[#AUDITOR]] 'auditor':
// CHECK: audit() {{.*}}ab_ba.cpp:28
// CHECK-NEXT: {{\[}}second_deadlock_stack=1 shows the outer frames]
// CHECK-NEXT: Mutex M1 acquired by fiber [[#TELLER:]] 'teller' while it held M2:
// CHECK: transfer() {{.*}}ab_ba.cpp:20
// CHECK: Mutex M2 acquired before by fiber [[#TELLER]] 'teller':
// CHECK: transfer() {{.*}}ab_ba.cpp:19
// CHECK: Fiber [[#AUDITOR]] 'auditor' (running) created by fiber 1 at:
// CHECK: Fiber [[#TELLER]] 'teller' (finished) created by fiber 1 at:
// CHECK: SUMMARY: FiberSan: lock-order inversion (potential deadlock) {{.*}}ab_ba.cpp:29:{{[0-9]+}} in audit
// CHECK: FiberSan: reported 1 warnings; precision: exact
// SECOND: WARNING: FiberSan: lock-order inversion
// SECOND: Mutex M1 acquired before by fiber {{[0-9]+}} 'auditor':
// SECOND: audit() {{.*}}ab_ba.cpp:28
// SECOND-NEXT: main{{.*}}ab_ba.cpp:41
// FIXED: done
