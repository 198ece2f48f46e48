// Two fibers write one int with no ordering between them: a write-write race.
// The same program with a Mutex (-DFIXED) must stay silent.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O3 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

int value;
fiber::Mutex mutex;
Turn turn;

void early() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  value = 1;
}

void late() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  value = 2;
  // CHECK: WARNING: FiberSan: data race (pid={{[0-9]+}})
  // CHECK-NEXT: {{^}}  Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: {{^}}    #0 late() {{.*}}write_write.cpp:[[@LINE-3]]:{{[0-9]+}} ({{.*}}+0x{{[0-9a-f]+}})
  // CHECK: {{^}}  Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: {{^}}    #0 early() {{.*}}write_write.cpp:[[@LINE-12]]:{{[0-9]+}} ({{.*}}+0x{{[0-9a-f]+}})
  // CHECK: {{^}}  Location is global 'value' of size 4
  // CHECK: SUMMARY: FiberSan: data race {{.*}}write_write.cpp:[[@LINE-7]]:{{[0-9]+}} in late
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
