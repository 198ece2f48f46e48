// A tick comes after the arming of its timer, and after nothing that the armer did later.
// -DFIXED writes before it resets.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../../turn.h"

using namespace std::chrono_literals;

Turn turn;
int value;

int read() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber 2:
  // CHECK-NEXT: #0 read() {{.*}}timer_orders_its_arming_alone.cpp:[[@LINE-3]]
}

void write() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 write() {{.*}}timer_orders_its_arming_alone.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::Timer timer(1h);
    auto receiver = fiber::spawn([timer] {
      timer.channel().receive();
      turn.after(1);
      std::printf("read %d\n", read());
    });
#ifdef FIXED
    write();
    timer.reset(1ms);
#else
    timer.reset(1ms);
    write();
#endif
    turn.done();
    receiver.join();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
