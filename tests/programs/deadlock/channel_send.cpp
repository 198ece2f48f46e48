// Nobody receives: the sender waits for ever, and main for the sender.
// -DFIXED receives.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

fiber::Channel<int> results;

void produce() { results.send(1); }
// CHECK: {{^}}WARNING: FiberSan: global deadlock (pid={{[0-9]+}})
// CHECK-DAG: Fiber 1 waits: waitgroup wait on waitgroup 0x{{[0-9a-f]+}}
// CHECK-DAG: Fiber 2 'producer' waits: chan send on channel 0x{{[0-9a-f]+}}
// CHECK-DAG: produce() {{.*}}channel_send.cpp:[[@LINE-4]]
// CHECK-DAG: {{.*}}channel_send.cpp:[[@LINE+9]]

int main() {
  return fiber::run([] {
    fiber::WaitGroup group;
    group.go(fiber::FiberOptions{.name = "producer"}, produce);
#ifdef FIXED
    std::printf("received %d\n", *results.receive());
#endif
    group.wait();
  });
}
// CHECK: SUMMARY: FiberSan: global deadlock
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: received 1
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: fiber 1{{.*}}waitgroup wait
// PLAIN-DAG: fiber 2{{.*}}chan send
