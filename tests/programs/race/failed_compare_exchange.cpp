// A compare-exchange that fails has the order of its failure case: relaxed here.
// -DFIXED acquires on failure.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

#ifdef FIXED
constexpr auto kFailure = std::memory_order_acquire;
#else
constexpr auto kFailure = std::memory_order_relaxed;
#endif
int data;
std::atomic<int> owner;
Turn turn;

int late() {
  return data;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}failed_compare_exchange.cpp:[[@LINE-3]]
}

void early() {
  data = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}failed_compare_exchange.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), owner.store(7, std::memory_order_release), turn.done(); });
    both.go([] {
      turn.after(1);
      int expected = 0;
      owner.compare_exchange_strong(expected, 9, std::memory_order_acq_rel, kFailure);
      std::printf("owner %d, read %d\n", expected, late());
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: owner 7, read 1
