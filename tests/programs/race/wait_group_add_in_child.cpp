// A child that adds itself to the WaitGroup comes too late for the wait, which may see
// zero. The finding does not depend on who was faster. -DFIXED adds before the spawn.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

Turn turn;

int main() {
  return fiber::run([] {
    fiber::WaitGroup work;
#ifdef FIXED
    work.add(1);
#endif
    fiber::go(fiber::FiberOptions{.name = "child"}, [&work] {
#ifndef FIXED
      work.add(1);
      // CHECK: WARNING: FiberSan: WaitGroup add concurrent with wait
      // CHECK: wait_group_add_in_child.cpp:[[@LINE-2]]
#endif
      work.done();
      turn.done();
    });
    work.wait();
    turn.after(1);
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
