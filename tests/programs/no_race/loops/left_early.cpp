// Loops that do not come to all of their elements: left by break, return, exception, longjmp and
// exit_fiber, in which an access is conditional, or that wait within. What they did not access
// belongs to another fiber. -DRACY lets them go on.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DRACY %s -o %t.racy && %exits 66 %run %t.racy 2>&1 | FileCheck %s --check-prefix=RACY
#include <fiber/fiber.h>

#include <csetjmp>
#include <cstdio>

#include "../../turn.h"

constexpr int kCount = 100, kMine = 10;
#ifdef RACY
volatile int mine = kCount;
#else
volatile int mine = kMine;
#endif
int arrays[8][kCount];
volatile int result;
std::jmp_buf back;
fiber::Channel<int> gate(1);

__attribute__((noinline)) void leave(int how) {
  if (how == 0) throw 1;
  if (how == 1) std::longjmp(back, 1);
  fiber::exit_fiber();
}

__attribute__((noinline)) void by_break(int* a, int n, int end) {
  for (int i = 0; i < n; ++i) {
    if (i == end) break;
    a[i] = i;
  }
}
__attribute__((noinline)) int by_value(int* a, int n, int end) {
  for (int i = 0; i < n; ++i)
    if (a[i] == 0 && i + 1 == end) return i;
  return n;
}
__attribute__((noinline)) void by_call(int* a, int n, int end, int how) {
  for (int i = 0; i < n; ++i) {
    if (i == end) leave(how);
    a[i] = i;
  }
}
__attribute__((noinline)) void by_condition(int* a, int n, int end) {
  for (int i = 0; i < n; ++i)
    if (i < end) a[i] = i;
}
// The rest is handed over in the middle of the loop.
__attribute__((noinline)) void by_waiting(int* a, int n, int end) {
  for (int i = 0; i < n; ++i) {
    if (i == end) gate.receive();
    a[i] = i;
  }
}
// Not one iteration.
__attribute__((noinline)) void by_limit(int* a, int n) {
  for (int i = 0; i < n; ++i) a[i] = i;
}

int main() {
  return fiber::run([] {
    Turn turn;
    fiber::WaitGroup all;
    all.go([&] {
      for (auto& array : arrays)
        for (int i = kMine; i < kCount; ++i) array[i] = 0;
      turn.done();
      gate.send(1);
    });
    auto start = [&](auto work) {
      all.go([&turn, work] {
        turn.after(1);
        work();
      });
    };
    start([] { by_break(arrays[0], kCount, mine); });
    start([] { result = by_value(arrays[1], kCount, mine); });
    start([] {
      try {
        by_call(arrays[2], kCount, mine, 0);
      } catch (int) {
      }
    });
    start([] {
      if (setjmp(back) == 0) by_call(arrays[3], kCount, mine, 1);
    });
    start([] { by_call(arrays[4], kCount, mine, 2); });
    start([] { by_condition(arrays[5], kCount, mine); });
    start([] { by_waiting(arrays[6], kCount, kMine); });
    start([] { by_limit(arrays[7] + kMine, mine - kMine); });
    all.wait();
    std::printf("done\n");
  });
}
// CHECK: done
// RACY-DAG: #0 by_break(
// RACY-DAG: #0 by_value(
// RACY-DAG: #0 by_call(
// RACY-DAG: #0 by_condition(
// RACY-DAG: #0 by_limit(
// RACY: FiberSan: reported
