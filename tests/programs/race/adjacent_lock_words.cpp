// Data between two locks, in one struct: each fiber takes the lock on its side, and both
// write the middle. -DFIXED: the left one only.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

struct Between {
  fiber::Mutex left;
  short middle = 0;
  fiber::Mutex right;
};
Turn turn;

int main() {
  return fiber::run([] {
    Between between;
    fiber::WaitGroup both;
    both.go([&] {
      std::scoped_lock lock(between.left);
      between.middle = 1;
      turn.done();
    });
    both.go([&] {
      turn.after(1);
#ifdef FIXED
      std::scoped_lock lock(between.left);
#else
      std::scoped_lock lock(between.right);
#endif
      between.middle = 2;
      // CHECK: WARNING: FiberSan: data race
      // CHECK-NEXT: Write of size 2 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} (mutexes: write M1):
      // CHECK-NEXT: #0 {{.*}}adjacent_lock_words.cpp:[[@LINE-3]]
    });
    both.wait();
    std::printf("%d\n", between.middle);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 2
