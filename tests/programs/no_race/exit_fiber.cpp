// exit_fiber ends the fiber from any depth and runs the destructors on the way; in the
// main fiber the others go on.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>

struct Loud {
  const char* name;
  ~Loud() { std::printf("destroyed %s\n", name); }
};

[[gnu::noinline]] void deep(int levels) {
  Loud loud{levels == 0 ? "the innermost" : "an outer one"};
  if (levels == 0) fiber::exit_fiber();
  deep(levels - 1);
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup group;
    group.go([] {
      fiber::Defer last([] { std::puts("deferred"); });
      deep(1);
      std::puts("never");
    });
    group.wait();
    std::puts("done is called on the way out");
    fiber::go([] {
      fiber::yield();
      std::puts("goes on without main");
      std::exit(0);
    });
    fiber::exit_fiber();
  });
}
// CHECK-NOT: never
// CHECK: destroyed the innermost
// CHECK: destroyed an outer one
// CHECK: deferred
// CHECK: done is called on the way out
// CHECK: goes on without main
