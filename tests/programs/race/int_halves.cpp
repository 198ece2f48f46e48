// One fiber writes a whole int, another its upper half. -DFIXED: each its own half.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "../turn.h"

union Word {
  std::uint32_t whole;
  std::uint16_t half[2];
};
Word word;
Turn turn;

void late() {
  word.half[1] = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 2 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}int_halves.cpp:[[@LINE-3]]
}

void early() {
#ifdef FIXED
  word.half[0] = 1;
#else
  word.whole = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}int_halves.cpp:[[@LINE-2]]
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("%x\n", word.whole);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 20001
