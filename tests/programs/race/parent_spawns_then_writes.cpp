// What the parent does after it spawned a child is not ordered with the child.
// -DFIXED writes before the spawn.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int value;

void parent_write() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-DAG: {{Write|Previous write}} of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-DAG: #0 parent_write() {{.*}}parent_spawns_then_writes.cpp:[[@LINE-3]]
}

int child_read() {
  return value;
  // CHECK-DAG: {{Read|Previous read}} of size 4 at 0x{{[0-9a-f]+}} by fiber 2 'child':
  // CHECK-DAG: #0 child_read() {{.*}}parent_spawns_then_writes.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup child;
#ifdef FIXED
    parent_write();
#endif
    child.go(fiber::FiberOptions{.name = "child"}, [] { std::printf("read %d\n", child_read()); });
#ifndef FIXED
    parent_write();
#endif
    child.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
