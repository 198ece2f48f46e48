// What fibers keep in a FiberLocal is theirs: no order is needed, however they change threads. The
// same counter as a plain global (-DSHARED) is a race.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DSHARED %s -o %t.shared && %exits 66 %run %t.shared 2>&1 | FileCheck %s --check-prefix=SHARED
#include <fiber/fiber.h>

#include <cstdio>
#include <string>

struct Counter {
  int count = 0;
  std::string log;
};

#ifdef SHARED
Counter shared;
Counter* counter() { return &shared; }
#else
fiber::FiberLocal<Counter> local;
Counter* counter() { return &*local; }
#endif

int main() {
  return fiber::run([] {
    fiber::WaitGroup all;
    for (int i = 0; i < 8; ++i) {
      all.go([] {
        for (int turn = 0; turn < 50; ++turn) {
          counter()->count++;
#ifndef SHARED
          counter()->log += 'x';
#endif
          fiber::yield();
        }
      });
    }
    all.wait();
    counter()->count++;
    std::printf("main has %d\n", counter()->count);
  });
}
// CHECK: main has 1
// SHARED: WARNING: FiberSan: data race
// SHARED: global 'shared' of size
