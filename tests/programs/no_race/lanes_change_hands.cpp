// Thousands of fibers in generations: each knows all of the one before through a join,
// and works on its data. Lanes are handed over all the time.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <vector>

int main() {
  return fiber::run([] {
    std::vector<long> cells(50);
    for (int generation = 0; generation < 100; ++generation) {
      std::vector<fiber::Handle<void>> fibers;
      for (std::size_t i = 0; i < cells.size(); ++i)
        fibers.push_back(fiber::spawn([&cells, i, generation] {
          if (generation % 3 == 0) fiber::yield();
          cells[(i * 7 + generation) % cells.size()] += 1;
        }));
      for (auto& fiber : fibers) fiber.join();
    }
    long sum = 0;
    for (long cell : cells) sum += cell;
    std::printf("sum %ld\n", sum);
  });
}
// CHECK: sum 5000
