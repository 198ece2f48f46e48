// One done() more than add() announced: a finding, and throws.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::WaitGroup group;
    group.add(2);
    group.done();
    group.done();
#ifndef FIXED
    try {
      group.done();
      // CHECK: WARNING: FiberSan: negative WaitGroup counter
      // CHECK: {{.*}}negative_wait_group.cpp:[[@LINE-2]]
    } catch (const fiber::NegativeWaitGroup&) {
      std::puts("caught");
    }
#endif
    group.wait();
    std::puts("done");
  });
}
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: caught
// CHECK-DAG: done
// FIXED: done
