// The sender has returned without closing: range-for waits for ever.
// -DFIXED closes.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> numbers(3);
    fiber::go([numbers] {
      for (int i = 0; i < 3; ++i) numbers.send(i);
#ifdef FIXED
      numbers.close();
#endif
    });
    for (int n : numbers) std::printf("received %d\n", n);
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: chan receive on channel 0x{{[0-9a-f]+}}
    // CHECK: {{.*}}channel_receive.cpp:[[@LINE-3]]
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: received 0
// FIXED: received 1
// FIXED: received 2
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}chan receive
