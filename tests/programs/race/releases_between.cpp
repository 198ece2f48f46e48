// Both fibers release five million times between the two accesses of the pair, each
// with a write in between, so that their epochs grow. -DFIXED lets them share a mutex.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

int value;
Turn turn;
fiber::Mutex shared_mutex;

void late() {
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}releases_between.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
}

void early() { value = 1; }

void release_often() {
  fiber::Mutex own;
  int writes = 0;
  for (int i = 0; i < 5'000'000; ++i) {
    std::scoped_lock lock(own);
    *const_cast<volatile int*>(&writes) = i;
  }
#ifdef FIXED
  std::scoped_lock lock(shared_mutex);
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), release_often(), turn.done(); });
    both.go([] { turn.after(1), release_often(), late(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
