// A channel is closed twice: a finding, and throws.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel;
    fiber::spawn(fiber::FiberOptions{.name = "first"}, [&] { channel.close(); }).join();
#ifndef FIXED
    try {
      channel.close();
      // CHECK: WARNING: FiberSan: close of closed channel
      // CHECK: by fiber 1:
      // CHECK: {{.*}}close_of_closed.cpp:[[@LINE-3]]
      // CHECK: Closed by fiber 2 'first' at:
      // CHECK: {{.*}}close_of_closed.cpp:[[@LINE-9]]
    } catch (const fiber::ClosedChannel&) {
      std::puts("caught");
    }
#endif
    std::printf("open: %d\n", channel.receive().has_value());
  });
}
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: caught
// CHECK-DAG: open: 0
// FIXED: open: 0
