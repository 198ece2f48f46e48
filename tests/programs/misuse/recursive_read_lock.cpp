// A second read lock by the same fiber is a potential deadlock, whether a writer waits
// or not. -DFIXED passes the lock along instead.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <shared_mutex>

fiber::RwMutex mutex;

int inner() {
#ifndef FIXED
  std::shared_lock lock(mutex);
  // CHECK: WARNING: FiberSan: recursive read lock (potential deadlock)
  // CHECK: inner() {{.*}}recursive_read_lock.cpp:[[@LINE-2]]
#endif
  return 1;
}

int outer() {
  std::shared_lock lock(mutex);
  return inner();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup readers;
    for (int i = 0; i < 2; ++i) readers.go([] { outer(); });
    readers.wait();
    std::puts("done");
  });
}
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: done
// FIXED: done
