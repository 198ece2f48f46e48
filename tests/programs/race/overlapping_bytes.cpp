// Four bytes copied as a block by one fiber, the last of them written by another.
// -DFIXED copies three.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

char bytes[8];
volatile int copied = 4;
Turn turn;

void late() {
  bytes[3] = 'x';
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}overlapping_bytes.cpp:[[@LINE-3]]
}

void early() {
#ifdef FIXED
  std::memcpy(bytes, "abc", 3);
#else
  std::memcpy(bytes, "abcd", 4);
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: #{{[01]}} early() {{.*}}overlapping_bytes.cpp:[[@LINE-2]]
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("%.4s\n", bytes);
  });
}
// CHECK: Location is global 'bytes' of size 8
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: abcx
