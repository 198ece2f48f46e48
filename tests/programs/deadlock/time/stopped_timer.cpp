// The tick of a stopped timer never comes, nor does one of a timer that nobody can reach, or
// of a ticker whose last tick nobody takes: none of them keeps the deadlock from being found.
// -DFIXED resets the timer.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
    fiber::after(1h);
    const fiber::Ticker ticker(1ms);
    const fiber::Timer timer(1h);
    timer.stop();
#ifdef FIXED
    timer.reset(10ms);
#endif
    timer.channel().receive();
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: chan receive on channel 0x{{[0-9a-f]+}}
    // CHECK: {{.*}}stopped_timer.cpp:[[@LINE-3]]
    std::printf("received\n");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: received
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}chan receive
