// Readers of a RwMutex are not ordered with each other; one that writes is a race.
// -DFIXED takes the lock for writing.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

#include "../turn.h"

int hits;
fiber::RwMutex mutex;
Turn turn;

void count() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#else
  std::shared_lock lock(mutex);
#endif
  hits = hits + 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: {{Read|Write}} of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} (mutexes: read M1):
  // CHECK-NEXT: #0 count() {{.*}}rwmutex_readers.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} (mutexes: read M1):
  // CHECK-NEXT: #0 count() {{.*}}rwmutex_readers.cpp:[[@LINE-5]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { count(), turn.done(); });
    both.go([] { turn.after(1), count(); });
    both.wait();
    std::printf("%d hits\n", hits);
  });
}
// CHECK: FiberSan: reported {{[12]}} warnings; precision: exact
// FIXED: 2 hits
