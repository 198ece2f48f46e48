// A fiber that locks a mutex twice waits for itself: reported at the second lock, and
// again as what it is then, a deadlock of everything. -DFIXED unlocks in between.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>

fiber::Mutex mutex;

void twice() {
  mutex.lock();
#ifdef FIXED
  mutex.unlock();
#endif
  mutex.lock();
  // CHECK: WARNING: FiberSan: double lock
  // CHECK: twice() {{.*}}self_lock.cpp:[[@LINE-2]]
  // CHECK: WARNING: FiberSan: global deadlock
  // CHECK: Fiber 1 waits: mutex lock on mutex 0x{{[0-9a-f]+}}
  // CHECK: twice() {{.*}}self_lock.cpp:[[@LINE-5]]
  mutex.unlock();
}

int main() {
  return fiber::run([] {
    twice();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}mutex lock
