// 70 000 fibers come and go between the two accesses of the pair, more than a 16-bit
// lane number could tell apart. -DFIXED joins the first one.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 env FIBERSAN_OPTIONS=history_size=7 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 FIBERSAN_OPTIONS=history_size=7 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../turn.h"

int value;
Turn turn;

void late() {
  value = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'late':
  // CHECK-NEXT: #0 late() {{.*}}fibers_between_70000.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}fibers_between_70000.cpp:[[@LINE-2]]
}

// The argument is another number of fibers: a million in the long form.
int main(int argc, char** argv) {
  const std::size_t fibers = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 70000;
  return fiber::run([=] {
    auto first = fiber::spawn([] { early(), turn.done(); });
#ifdef FIXED
    first.join();
#endif
    fiber::WaitGroup last;
    last.go(fiber::FiberOptions{.name = "late"}, [] { turn.after(2), late(); });
    turn.after(1);
    std::vector<int> own(fibers);
    for (std::size_t begin = 0; begin < own.size(); begin += 100) {
      fiber::WaitGroup batch;
      for (std::size_t i = begin; i < begin + 100; ++i) batch.go([&own, i] { own[i] = 1; });
      batch.wait();
    }
    turn.done();
    last.wait();
#ifndef FIXED
    first.join();
#endif
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
