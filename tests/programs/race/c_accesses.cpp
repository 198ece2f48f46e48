// Plain C, compiled with the same flag, is checked as well: the two accesses are in
// Inputs/counter.c. -DFIXED makes them atomic.
//
// RUN: %fibersan_c -c %S/Inputs/counter.c -o %t.o && %fibersan %s %t.o -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan_c -O0 -fPIC -c %S/Inputs/counter.c -o %t.o && %fibersan %s %t.o -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan_c -DFIXED -c %S/Inputs/counter.c -o %t.o && %fibersan %s %t.o -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

extern "C" {
void counter_set(int value);
int counter_get(void);
}
Turn turn;

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { counter_set(1), turn.done(); });
    both.go([] { turn.after(1), std::printf("read %d\n", counter_get()); });
    both.wait();
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
// CHECK-NEXT: #0 counter_get {{.*}}counter.c:10
// CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
// CHECK-NEXT: #0 counter_set {{.*}}counter.c:8
// CHECK: Location is global 'counter' of size 4
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
