// blocking(f) is part of the fiber: what it does before, inside and after the call is in one
// order, on whatever threads; what a joined fiber did inside is seen by who joins it.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3:migrate=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s
#include <fiber/fiber.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

int main() {
  return fiber::run([] {
    std::vector<int> values(20);
    std::vector<fiber::Handle<void>> handles;
    for (int& value : values) {
      handles.push_back(fiber::spawn([&value] {
        for (int i = 0; i < 3; ++i) {
          ++value;
          fiber::blocking([&] {
            usleep(200);
            ++value;
          });
          fiber::yield();
        }
      }));
    }
    int sum = 0;
    for (auto& handle : handles) handle.join();
    for (int value : values) sum += value;
    std::printf("sum %d\n", fiber::blocking([&] { return sum; }));
  });
}
// CHECK: sum 120
