// A send that fails because the channel is closed does not acquire the close; the send
// itself, unordered with the close, is reported as misuse. -DFIXED receives instead.
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
  // CHECK: WARNING: FiberSan: send on closed channel
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}failed_send_gives_no_order.cpp:[[@LINE-5]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}failed_send_gives_no_order.cpp:[[@LINE-2]]
  channel.close();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] {
      turn.after(1);
#ifdef FIXED
      channel.receive();
#else
      try {
        channel.send(1);
      } catch (const fiber::ClosedChannel&) {
      }
#endif
      std::printf("read %d\n", late());
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 3 warnings; precision: exact
// FIXED: read 1
