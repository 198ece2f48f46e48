// Runs of two threads that nothing orders: the second run() returns after what its own fibers did,
// and not after those of the first. -DFIXED hands on from the first thread to the second.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <thread>

#include "gate.h"

int of_first, of_second, of_joined;
Gate first_is_over;
#ifdef FIXED
std::mutex mutex;
void hand_on() { std::scoped_lock lock(mutex); }
#else
void hand_on() {}
#endif

Gate written;

void write_first() {
  of_first = 1;
  written.open();
}

void first() {
  fiber::run([] {
    fiber::go(write_first);
    fiber::spawn([] { of_joined = 1; }).join();
    while (!written.is_open())
      fiber::yield();  // a run that ends stops the fibers that did not begin
  });
  hand_on();
  first_is_over.open();
}

void second() {
  first_is_over.wait();
  hand_on();
  fiber::run([] {
    fiber::go([] { of_second = 1; });
    fiber::yield();
    fiber::yield();
  });
  of_second = 2;
  of_first = 2;
}

int main() {
  std::thread one(first), other(second);
  one.join();
  other.join();
  std::printf("%d %d\n", of_first, of_second);
}
// CHECK: WARNING: FiberSan: data race
// CHECK: Write of size 4 {{.*}} by thread
// CHECK-NEXT: #0 second() {{.*}}two_runs.cpp:[[@LINE-11]]
// CHECK: Previous write of size 4 {{.*}} by fiber
// CHECK-NEXT: #0 write_first() {{.*}}two_runs.cpp
// CHECK: reported 1 warnings; precision: exact
// FIXED: 2 2
