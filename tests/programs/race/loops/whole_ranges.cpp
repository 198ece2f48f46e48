// One check before a loop for all that it accesses: what another fiber touched at the first, the
// last and a middle element races, upwards and downwards, read and written, in vector and scalar
// code, and with a check that moved out of the loop. -DFIXED touches the neighbours of the range.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 -mllvm -fibersan-without=hoisted,loop-range %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../../turn.h"

constexpr int kCount = 203;
int fills[kCount + 2], sums[kCount + 2], downs[kCount + 2], invariant[4];
volatile int count = kCount;

// CHECK: WARNING: FiberSan: data race
// CHECK: in fill({{.*}}
__attribute__((noinline)) void fill(int* a, int n) {
  for (int i = 0; i < n; ++i) a[i] = i;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: in sum({{.*}}
__attribute__((noinline)) int sum(const int* a, int n) {
  int result = 0;
  for (int i = 0; i < n; ++i) result += a[i];
  return result;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: in down({{.*}}
__attribute__((noinline)) void down(int* a, int n) {
#pragma clang loop vectorize(disable) unroll(disable)
  for (int i = n - 1; i >= 0; --i) a[i] += i;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: in last_of({{.*}}
__attribute__((noinline)) void last_of(int* last, const int* a, int n) {
#pragma clang loop vectorize(disable)
  for (int i = 0; i < n; ++i) *last = a[i];
}

int main() {
  return fiber::run([] {
    Turn turn;
    fiber::WaitGroup both;
    both.go([&] {
#ifdef FIXED
      fills[0] = sums[kCount + 1] = downs[0] = downs[kCount + 1] = invariant[0] = invariant[2] = 1;
#else
      fills[kCount] = sums[kCount / 2] = downs[1] = invariant[1] = 1;
#endif
      turn.done();
    });
    both.go([&] {
      turn.after(1);
      fill(fills + 1, count);
      std::printf("%d\n", sum(sums + 1, count));
      down(downs + 1, count);
      last_of(&invariant[1], fills + 1, count);
      last_of(&invariant[1], fills + 1, 0);
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 4 warnings; precision: exact
// FIXED: 0
