// A memcpy reads its source and writes its destination, every byte of both.
// -DFIXED copies one byte less on either side.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

char source[1000], destination[1000];
volatile std::size_t skipped = 0;
Turn turn;

void early() {
#ifdef FIXED
  skipped = 1;
#endif
  std::memcpy(destination + skipped, source + skipped, 1000 - 2 * skipped);
}

void late() {
  source[999] = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}memcpy_range.cpp:[[@LINE-3]]
  // CHECK: Previous read of size 1000 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: early() {{.*}}memcpy_range.cpp:[[@LINE-9]]
  // CHECK: Location is global 'source' of size 1000
  destination[0] = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}memcpy_range.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 1000 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: early() {{.*}}memcpy_range.cpp:[[@LINE-16]]
  // CHECK: Location is global 'destination' of size 1000
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
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
