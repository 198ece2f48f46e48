// A fiber waits while it holds a std::mutex: who wants that blocks a thread. An option asks for it,
// for it is no mistake as long as nobody else wants the mutex. -DFIXED unlocks before the wait.
//
// RUN: %fibersan %s -o %t && env FIBERSAN_OPTIONS=report_thread_locks_over_park=1 %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBERSAN_OPTIONS=report_thread_locks_over_park=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <mutex>

std::mutex of_thread;

int main() {
  return fiber::run([] {
    std::unique_lock lock(of_thread);
#ifdef FIXED
    lock.unlock();
#endif
    fiber::sleep_for(std::chrono::milliseconds(1));
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: thread lock held while the fiber waits
// CHECK: Operation on mutex 0x{{[0-9a-f]+}} 'of_thread' by fiber 1 (mutexes: write M1):
// CHECK: thread_lock_over_park.cpp:[[@LINE-6]]
// CHECK: acquired by fiber 1 at:
// CHECK: thread_lock_over_park.cpp:[[@LINE-12]]
// FIXED: done
