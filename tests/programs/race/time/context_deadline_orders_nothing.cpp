// Two fibers that see the same deadline pass know nothing of each other, nor of a cancel()
// that came too late. -DFIXED receives from it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../../turn.h"

using namespace std::chrono_literals;

Turn turn;
int value;

void write() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber 2:
  // CHECK-NEXT: #0 write() {{.*}}context_deadline_orders_nothing.cpp:[[@LINE-3]]
}

int main() {
  return fiber::run([] {
    auto [context, cancel] = fiber::with_timeout({}, 1ms);
    fiber::Channel<int> written(1);
    fiber::go([context = context, cancel = cancel, written] {
      context.done().receive();
      write();
      cancel();
      written.send(1);
      turn.done();
    });
    turn.after(1);
    context.done().receive();
#ifdef FIXED
    written.receive();
#endif
    const bool exceeded = context.error() == fiber::ContextError::kDeadlineExceeded;
    std::printf("exceeded %d, read %d\n", exceeded, value);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: exceeded 1, read 1
