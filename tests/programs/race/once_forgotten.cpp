// Lazy initialisation with a flag of one's own. -DFIXED uses Once.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

bool initialised;
fiber::Once once;
int configuration;
Turn turn;

int get() {
#ifdef FIXED
  once.call([] { configuration = 42; });
#else
  if (!initialised) {
    // CHECK: WARNING: FiberSan: data race
    // CHECK-NEXT: Read of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
    // CHECK-NEXT: #0 get() {{.*}}once_forgotten.cpp:[[@LINE-3]]
    configuration = 42;
    initialised = true;
    // CHECK: Previous write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
    // CHECK-NEXT: #0 get() {{.*}}once_forgotten.cpp:[[@LINE-2]]
  }
#endif
  return configuration;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 get() {{.*}}once_forgotten.cpp:[[@LINE-3]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { std::printf("first reads %d\n", get()), turn.done(); });
    both.go([] { turn.after(1), std::printf("second reads %d\n", get()); });
    both.wait();
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: first reads 42
// FIXED: second reads 42
