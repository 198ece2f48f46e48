// Two different pairs of accesses meet in one 8-byte granule, a byte apart: both are
// reported. -DFIXED orders each pair by a join.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

alignas(8) char bytes[8];
Turn turn;

void first_write() { bytes[0] = 1; }
void second_write() { bytes[1] = 1; }
int third_read() { return bytes[0]; }
void fourth_write() { bytes[1] = 2; }
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'third':
// CHECK-NEXT: #0 third_read()
// CHECK: Previous write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'first':
// CHECK-NEXT: #0 first_write()
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'fourth':
// CHECK-NEXT: #0 fourth_write()
// CHECK: Previous write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'second':
// CHECK-NEXT: #0 second_write()

int main() {
  return fiber::run([] {
    fiber::WaitGroup early, late;
    early.go(fiber::FiberOptions{.name = "first"}, [] { first_write(), turn.done(); });
    early.go(fiber::FiberOptions{.name = "second"}, [] { second_write(), turn.done(); });
#ifdef FIXED
    early.wait();
#endif
    late.go(fiber::FiberOptions{.name = "third"}, [] {
      turn.after(2);
      std::printf("read %d\n", third_read());
      turn.done();
    });
    late.go(fiber::FiberOptions{.name = "fourth"}, [] { turn.after(3), fourth_write(); });
    late.wait();
    early.wait();
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: read 1
