// Fibers that come later get the stacks of fibers that have ended. Locals at the same
// address are no race, captured ones included.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

void use_stack(std::atomic<long>& sum) {
  long locals[64];
  fiber::WaitGroup child;
  child.go([&locals] {
    for (long& local : locals) local = 1;
  });
  child.wait();
  for (long local : locals) sum.fetch_add(local, std::memory_order_relaxed);
}

int main() {
  return fiber::run([] {
    std::atomic<long> sum = 0;
    std::atomic<int> ended = 0;
    for (int round = 1; round <= 20; ++round) {
      for (int i = 0; i < 50; ++i)
        fiber::go([&] {
          use_stack(sum);
          ended.fetch_add(1, std::memory_order_relaxed);
        });
      // No edge from the fibers' accesses: only time, and their end.
      while (ended.load(std::memory_order_relaxed) != 50 * round) fiber::yield();
    }
    std::printf("sum %ld\n", sum.load());
  });
}
// CHECK: sum 64000
