// Sending on a closed channel is a finding, and throws. -DFIXED closes last.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel(2);
    fiber::spawn([channel] { channel.send(1); }).join();
#ifndef FIXED
    channel.close();
#endif
    try {
      channel.send(2);
      // CHECK: WARNING: FiberSan: send on closed channel (pid={{[0-9]+}})
      // CHECK: by fiber 1:
      // CHECK: {{.*}}send_on_closed.cpp:[[@LINE-3]]
      // CHECK: Closed by fiber 1 at:
      // CHECK: {{.*}}send_on_closed.cpp:[[@LINE-8]]
    } catch (const fiber::ClosedChannel& e) {
      std::printf("caught: %s\n", e.what());
    }
#ifdef FIXED
    channel.close();
#endif
    for (int n : channel) std::printf("received %d\n", n);
  });
}
// CHECK: SUMMARY: FiberSan: send on closed channel {{.*}}send_on_closed.cpp
// CHECK-DAG: FiberSan: reported 1 warnings; precision: exact
// CHECK-DAG: caught: {{.+}}
// CHECK-DAG: received 1
// FIXED-NOT: caught
// FIXED: received 1
// FIXED: received 2
