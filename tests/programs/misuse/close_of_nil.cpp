// Closing a nil channel is a finding and an exception.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
#ifdef FIXED
    fiber::Channel<int> channel;
#else
    auto channel = fiber::Channel<int>::nil();
#endif
    try {
      channel.close();
      // CHECK: WARNING: FiberSan: close of nil channel
      // CHECK: {{.*}}close_of_nil.cpp:[[@LINE-2]]
    } catch (const fiber::Error&) {
      std::puts("caught");
    }
    std::puts("done");
  });
}
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: caught
// FIXED-NOT: caught
// FIXED: done
