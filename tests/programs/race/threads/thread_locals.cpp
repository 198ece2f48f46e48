// A thread_local is made by the first fiber that uses it on its thread, which happens before
// every later use there. What fibers of one thread then do with what it owns is not ordered:
// a fiber may be preempted within it, or have taken its address to another thread.
//
// RUN: %fibersan %s -o %t && env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --check-prefix=MADE --implicit-check-not=WARNING
// RUN: %run %t 2>&1 | FileCheck %s --check-prefix=MADE --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %exits 66 %run %t shares 2>&1 | FileCheck %s
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>

struct Cache {
  std::unique_ptr<int[]> numbers{new int[4]{1, 2, 3, 4}};
};
thread_local Cache cache;

int sum() {
  static thread_local Cache local;
  return cache.numbers[0] + local.numbers[3];
}

int main(int argc, char**) {
  return fiber::run([shares = argc > 1] {
    fiber::WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.go([shares] {
        if (shares) cache.numbers[1] = 7;
        std::printf("%d\n", sum());
      });
    }
    group.wait();
  });
}
// MADE-COUNT-4: 5
// CHECK: Write of size 4
// CHECK-NOT: __tls_init
// CHECK: Previous write of size 4
// CHECK: reported 1 warnings; precision: exact
