// run() returns what its function returns, may be called again, not nested, and outside
// of it the library says so. Fibers of all runs have numbers of their own.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  std::printf("id of the first main fiber: %d\n",
              fiber::run([] { return static_cast<int>(fiber::this_fiber::id()); }));
  std::printf("int: %d\n", fiber::run([] { return 3; }));
  std::printf("void: %d\n", fiber::run([] {}));
  int sum = 0;
  for (int i = 0; i < 20; ++i)
    sum += fiber::run([i] { return fiber::spawn([i] { return i; }).join(); });
  std::printf("sum: %d\n", sum);
  fiber::run([] {
    try {
      fiber::run([] {});
    } catch (const fiber::Error& e) {
      std::printf("nested: %s\n", e.what());
    }
    std::printf("id of the last main fiber: %d\n", static_cast<int>(fiber::this_fiber::id()));
  });
  try {
    fiber::go([] {});
  } catch (const fiber::Error& e) {
    std::printf("outside: %s\n", e.what());
  }
  std::printf("id outside: %d\n", static_cast<int>(fiber::this_fiber::id()));
}
// CHECK: id of the first main fiber: 1
// CHECK: int: 3
// CHECK: void: 0
// CHECK: sum: 190
// CHECK: nested: {{.+}}
// CHECK: id of the last main fiber: 44
// CHECK: outside: {{.+}}
// CHECK: id outside: 0
