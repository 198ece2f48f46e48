// A main that only waits in a select without cases, as servers do, is no finding; that its worker
// waits for what only main has is one.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=20:halt_on_error=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main() {
  return fiber::run([] {
    fiber::Channel<int> work;
    fiber::go([] {
      for (int i = 0; fiber::stats().deadlock_checks < 20 && i < 1000; ++i)
        fiber::sleep_for(std::chrono::milliseconds(10));
      std::puts("served");
      std::exit(0);
    });
#ifndef FIXED
    fiber::go(fiber::FiberOptions{.name = "worker"}, [work] { work.receive(); });
#endif
    fiber::select();
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: 'worker' waits: chan receive
// FIXED: served
