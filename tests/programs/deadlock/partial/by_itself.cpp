// Nobody asks: the detector looks every deadlock_check_ms, and says it once.
// With deadlock_check_ms=0 it does not.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=20:halt_on_error=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t end 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t end 2>&1 | FileCheck %s --check-prefix=LATE --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

void leak() {
  fiber::Channel<int> channel;
  for (int i = 0; i < 100; ++i) fiber::go([channel] { channel.receive(); });
}

int main(int argc, char**) {
  return fiber::run([&] {
    fiber::spawn(leak).join();
    const auto checks = [] { return fiber::stats().deadlock_checks; };
    for (int i = 0; argc == 1 || (checks() < 20 && i < 100); ++i)
      fiber::sleep_for(std::chrono::milliseconds(10));
    std::puts("end");
    std::fflush(stdout);
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: Fibers {{.*}} (100 in all) wait: chan receive
// CHECK: FiberSan: reported 1 warnings; precision: exact
// LATE: end
// LATE: WARNING: FiberSan: partial deadlock
