// The runtime starts threads and takes locks of its own in the name of fibers: that orders
// nobody. Two fibers that only set_processors() comes between stay unordered; with a Mutex
// (-DFIXED) they are silent.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: env FIBER_OPTIONS=procs=1 %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../../turn.h"

int shared;
fiber::Mutex mutex;

void add() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  ++shared;
}

int main() {
  return fiber::run([] {
    Turn turn;
    fiber::WaitGroup group;
    group.go({.name = "first"}, [&] {
      add();
      fiber::set_processors(3);
      fiber::go([] {});
      turn.done();
    });
    group.go({.name = "second"}, [&] {
      turn.after(1);
      fiber::set_processors(1);
      fiber::set_processors(2);
      add();
    });
    group.wait();
    std::printf("%d\n", shared);
  });
}
// CHECK: Write of size 4 at {{.*}} by fiber {{[0-9]+}} 'second':
// CHECK: Previous write of size 4 at {{.*}} by fiber {{[0-9]+}} 'first':
// CHECK: Location is global 'shared'
// FIXED: 2
