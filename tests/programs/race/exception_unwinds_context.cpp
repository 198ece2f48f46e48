// After an exception has unwound several frames the calling context is that of the
// catching function again: the older stack is the right one. -DFIXED joins in between.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <stdexcept>

#include "../turn.h"

int value;
Turn turn;

[[gnu::noinline]] void fail(int depth) {
  if (depth == 0) throw std::runtime_error("at the bottom");
  fail(depth - 1);
  std::puts("never");
}

[[gnu::noinline]] void write() { value = 1; }

[[gnu::noinline]] void early() {
  try {
    fail(5);
  } catch (const std::runtime_error&) {
  }
  write();
  turn.done();
}

void late() { value = 2; }
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 late() {{.*}}exception_unwinds_context.cpp:[[@LINE-2]]
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 write() {{.*}}exception_unwinds_context.cpp:[[@LINE-15]]
// CHECK-NEXT: #1 early() {{.*}}exception_unwinds_context.cpp:[[@LINE-9]]

int main() {
  return fiber::run([] {
    fiber::WaitGroup first, second;
    first.go(early);
#ifdef FIXED
    first.wait();
#endif
    second.go([] { turn.after(1), late(); });
    second.wait();
    first.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
