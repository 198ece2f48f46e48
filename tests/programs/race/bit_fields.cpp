// Two bit-fields of one storage unit are one memory location.
// -DFIXED puts them into different ones.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

struct Flags {
  unsigned ready : 3;
#ifdef FIXED
  unsigned : 0;
#endif
  unsigned failed : 5;
};
Flags flags;
Turn turn;

void late() {
  flags.failed = 7;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: {{Read|Write}} of size {{[14]}} at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}bit_fields.cpp:[[@LINE-3]]
}

void early() {
  flags.ready = 1;
  // CHECK: Previous write of size {{[14]}} at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}bit_fields.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("%u %u\n", flags.ready, flags.failed);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 1 7
