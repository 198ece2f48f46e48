// A fiber ends with a mutex that everybody can reach: who waits for it waits for ever, until
// somebody else unlocks it (-DUNLOCKED, which is another mistake).
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DUNLOCKED %s -o %t.unlocked && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.unlocked 2>&1 | FileCheck %s --check-prefix=UNLOCKED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../../found.h"

fiber::Mutex mutex;

int main() {
  return fiber::run([] {
    fiber::spawn([] { mutex.lock(); }).join();
#ifdef UNLOCKED
    mutex.unlock();
    mutex.lock();
#endif
    fiber::WaitGroup all;
    all.go(fiber::FiberOptions{.name = "waiter"}, [] { std::scoped_lock lock(mutex); });
    print_found(1);
    mutex.unlock();  // so that the WaitGroup is not destroyed in use
    all.wait();
  });
}
// CHECK: WARNING: FiberSan: fiber ended while holding a lock
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: 'waiter' waits: mutex lock on mutex
// CHECK: held by a fiber that has ended
// CHECK: found 1
// CHECK: WARNING: FiberSan: unlock by non-owner
// The fiber that ended is still being told of when the unlock is.
// UNLOCKED-DAG: WARNING: FiberSan: fiber ended while holding a lock
// UNLOCKED-DAG: WARNING: FiberSan: unlock by non-owner
// UNLOCKED: found 0
