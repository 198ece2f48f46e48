// Three fibers write one int: three unordered pairs, each reported once.
// -DFIXED: the same three under a lock.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

int value;
Turn turn;
#ifdef FIXED
fiber::Mutex mutex;
#else
struct NoMutex {
  void lock() {}
  void unlock() {}
} mutex;
#endif

void write_a() { value = 1; }
void write_b() { value = 2; }
void write_c() { value = 3; }
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 write_b() {{.*}}three_writers.cpp:[[@LINE-3]]
// CHECK: #0 write_a() {{.*}}three_writers.cpp:[[@LINE-5]]
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 write_c()
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 write_{{[ab]}}()
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 write_c()
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 write_{{[ab]}}()

int main() {
  return fiber::run([] {
    fiber::WaitGroup writers;
    int step = 0;
    for (auto write : {write_a, write_b, write_c})
      writers.go([write, turn_of = step++] {
        turn.after(turn_of);
        {
          std::scoped_lock lock(mutex);
          write();
        }
        turn.done();
      });
    writers.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 3 warnings; precision: exact
// FIXED: done
