// A Mutex belongs to the fiber that locked it. Another one may unlock it, as in Go, but
// it is a finding; -DFIXED uses a Semaphore, which is for hand-offs.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#ifdef FIXED
struct HandOff {
  fiber::Semaphore permits{1};
  void lock() { permits.acquire(); }
  void unlock() { permits.release(); }
} mutex;
#else
fiber::Mutex mutex;
#endif

void hand_over() {
  mutex.unlock();
  // CHECK: WARNING: FiberSan: unlock by non-owner
  // CHECK: by fiber 2 'other'
  // CHECK: hand_over() {{.*}}unlock_by_non_owner.cpp:[[@LINE-3]]
  // CHECK: Locked by fiber 1 at:
  // CHECK: {{.*}}unlock_by_non_owner.cpp:[[@LINE+5]]
}

int main() {
  return fiber::run([] {
    mutex.lock();
    fiber::spawn(fiber::FiberOptions{.name = "other"}, hand_over).join();
    mutex.lock();
    mutex.unlock();
    std::puts("done");
  });
}
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: done
// FIXED: done
