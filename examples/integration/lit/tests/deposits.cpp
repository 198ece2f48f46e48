// Deposits of two fibers into one account: a race, unless a Mutex orders them (-DFIXED).
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed
// REQUIRES: llvm-symbolizer
#include <fiber/fiber.h>

#include <mutex>

int main() {
  return fiber::run([] {
    fiber::Mutex mutex;
    int balance = 0;
    fiber::WaitGroup fibers;
    for (int i = 0; i < 2; ++i) {
      fibers.go([&] {
#ifdef FIXED
        const std::scoped_lock guard(mutex);
#endif
        balance += 1;  // CHECK: SUMMARY: FiberSan: data race {{.*}}deposits.cpp:[[@LINE]]
      });
    }
    fibers.wait();
  });
}
