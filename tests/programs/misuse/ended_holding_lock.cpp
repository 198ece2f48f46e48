// A fiber ends while it holds a lock; nobody can unlock it any more.
// -DFIXED uses a scoped lock.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

// Never destroyed, so that their end is no finding of its own.
auto& mutex = *new fiber::Mutex;
auto& rw_mutex = *new fiber::RwMutex;

void forget() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
  std::shared_lock shared(rw_mutex);
#else
  mutex.lock();
  rw_mutex.lock_shared();
#endif
}

int main() {
  return fiber::run([] {
    fiber::spawn(fiber::FiberOptions{.name = "forgetful"}, forget).join();
    std::printf("free: %d\n", mutex.try_lock());
#ifdef FIXED
    mutex.unlock();
#endif
  });
}
// CHECK: WARNING: FiberSan: fiber ended while holding a lock
// CHECK: by fiber 2 'forgetful' (mutexes: write M1, read M2):
// CHECK: Mutex M1 (0x{{[0-9a-f]+}}) created at:
// CHECK: Mutex M2 (0x{{[0-9a-f]+}}) created at:
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: free: 0
// FIXED: free: 1
