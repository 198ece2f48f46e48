// A receive that finds the channel closed knows what the closer did; a receive of an
// item that was sent earlier does not. -DFIXED receives until the channel is drained.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
fiber::Channel<int> channel(1);
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}close_does_not_order_items.cpp:[[@LINE-3]]
}

void early() {
  channel.send(1);
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}close_does_not_order_items.cpp:[[@LINE-2]]
  channel.close();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] {
      turn.after(1);
      const bool received = channel.receive().has_value();
#ifdef FIXED
      if (channel.receive().has_value()) std::puts("never sent");
#endif
      std::printf("received %d, read %d\n", received, late());
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: received 1, read 1
