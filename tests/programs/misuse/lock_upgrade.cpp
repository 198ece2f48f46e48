// A fiber that holds an RwMutex for reading locks it for writing: it waits for itself. -DFIXED
// gives the read lock back first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

fiber::RwMutex table;

int main() {
  return fiber::run([] {
    std::shared_lock reading(table);
#ifdef FIXED
    reading.unlock();
#endif
    std::scoped_lock writing(table);
    std::puts("written");
  });
}
// CHECK: WARNING: FiberSan: double lock
// CHECK: Operation on rwmutex 0x{{[0-9a-f]+}} 'table' by fiber 1 (mutexes: read M1):
// CHECK: lock_upgrade.cpp:[[@LINE-6]]
// CHECK: Mutex M1 {{.*}}acquired by fiber 1 at:
// CHECK: lock_upgrade.cpp:[[@LINE-12]]
// CHECK: WARNING: FiberSan: global deadlock
// FIXED: written
