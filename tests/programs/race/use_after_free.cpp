// The use comes after the free, in another fiber and without any order between the two.
// -DFIXED frees when the user is done.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>

#include "../turn.h"

Turn turn;

void use(int* block) {
  block[50] = 1;
  // CHECK: WARNING: FiberSan: heap-use-after-free race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'user':
  // CHECK-NEXT: #0 use(int*) {{.*}}use_after_free.cpp:[[@LINE-3]]
}

void release(int* block) {
  std::free(block);
  // CHECK: Previous free of size 400 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: release(int*) {{.*}}use_after_free.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    int* block = static_cast<int*>(std::calloc(100, sizeof(int)));
    fiber::WaitGroup user;
#ifndef FIXED
    user.go(fiber::FiberOptions{.name = "user"}, [block] { turn.after(1), use(block); });
    release(block);
    turn.done();
    user.wait();
#else
    user.go([block] { use(block); });
    user.wait();
    release(block);
#endif
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
