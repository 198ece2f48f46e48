// The predicate of a condition variable is set outside the lock that guards it.
// -DFIXED sets it inside.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

bool ready;
fiber::Mutex mutex;
fiber::ConditionVariable changed;
Turn turn;

void late() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  ready = true;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'setter':
  // CHECK-NEXT: #0 late() {{.*}}condition_flag_without_lock.cpp:[[@LINE-3]]
}

bool early() {
  return ready;
  // CHECK: Previous read of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'waiter' (mutexes: write M1):
  // CHECK-NEXT: #0 early() {{.*}}condition_flag_without_lock.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go(fiber::FiberOptions{.name = "waiter"}, [] {
      std::unique_lock lock(mutex);
      while (!early()) {
        turn.done();
        changed.wait(lock);
      }
    });
    both.go(fiber::FiberOptions{.name = "setter"}, [] {
      turn.after(1);
      late();
      // The waiter is inside wait() when the lock is free.
      std::scoped_lock lock(mutex);
      changed.notify_one();
    });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
