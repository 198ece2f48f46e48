// notify comes before the wait, and the waiter does not look at a predicate first.
// -DFIXED waits with one.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

fiber::Mutex mutex;
fiber::ConditionVariable changed;
bool ready;

int main() {
  return fiber::run([] {
    fiber::spawn([] {
      std::scoped_lock lock(mutex);
      ready = true;
      changed.notify_all();
    }).join();
    std::unique_lock lock(mutex);
#ifdef FIXED
    changed.wait(lock, [] { return ready; });
#else
    changed.wait(lock);
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: condition wait on condition variable 0x{{[0-9a-f]+}}
    // CHECK: {{.*}}lost_notify.cpp:[[@LINE-3]]
#endif
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}condition wait
