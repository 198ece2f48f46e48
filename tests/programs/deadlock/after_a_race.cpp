// A race and then a deadlock: both are reported and counted, and the status says it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

int main() {
  return fiber::run([] {
    fiber::Channel<int> never;
    fiber::WaitGroup writers, second;
    writers.go([] { value = 1, turn.done(); });
#ifdef FIXED
    writers.wait();
#endif
    second.go([] { turn.after(1), value = 2; });
    second.wait();
    writers.wait();
#ifndef FIXED
    never.receive();
#endif
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK: WARNING: FiberSan: global deadlock
// CHECK: Fiber 1 waits: chan receive on channel 0x
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
