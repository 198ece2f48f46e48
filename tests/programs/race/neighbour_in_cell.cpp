// One fiber writes two ints in the same 8 bytes, another races on the first of them only: the
// report shows the write of that one, not the later one beside it. -DFIXED: each its own int.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

struct alignas(8) Counts {
  int all;
  int own;
};
Counts counts;
Turn turn;

void late() {
  counts.all = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at [[ADDRESS:0x[0-9a-f]+]] by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}neighbour_in_cell.cpp:[[@LINE-3]]
}

void early() {
#ifndef FIXED
  counts.all = 1;
  // CHECK: Previous write of size 4 at [[ADDRESS]] by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}neighbour_in_cell.cpp:[[@LINE-2]]
#endif
  counts.own = 1;
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("%d %d\n", counts.all, counts.own);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 2 1
