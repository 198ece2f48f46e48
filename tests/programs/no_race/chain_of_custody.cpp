// Ownership wanders through fibers that themselves do nothing with the data: acquire,
// then release with no access between, keeps the chain.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

int data;
Turn turn;
fiber::Mutex mutexes[5];

void pass_through(int from, int to) {
  {
    std::scoped_lock lock(mutexes[from]);
  }
  {
    std::scoped_lock lock(mutexes[to]);
  }
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup all;
    all.go([] {
      data = 1;
      pass_through(0, 0);
      turn.done();
    });
    for (int i = 0; i < 4; ++i)
      all.go([i] {
        turn.after(i + 1);
        pass_through(i, i + 1);
        turn.done();
      });
    all.go([] {
      turn.after(5);
      pass_through(4, 4);
      std::printf("data %d\n", ++data);
    });
    all.wait();
  });
}
// CHECK: data 2
