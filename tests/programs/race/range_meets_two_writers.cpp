// One memset over a buffer of which two other fibers wrote a part each: it races with
// both, and both pairs are reported. -DFIXED waits for them.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

char buffer[256];
volatile std::size_t size = sizeof buffer;
Turn turn;

void write_front() { buffer[3] = 1; }
void write_back() { buffer[250] = 1; }

void clear() {
  std::memset(buffer, 0, size);
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Write of size 256 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: clear() {{.*}}range_meets_two_writers.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 1
  // CHECK-NEXT: #0 write_front()
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Write of size 256 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: Previous write of size 1
  // CHECK-NEXT: #0 write_back()
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup writers;
    writers.go([] { write_front(), turn.done(); });
    writers.go([] { turn.after(1), write_back(), turn.done(); });
#ifdef FIXED
    writers.wait();
#endif
    turn.after(2);
    clear();
    writers.wait();
    std::printf("%d\n", buffer[3] + buffer[250]);
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: {{^}}0{{$}}
