// All other fibers wait for one that is in a blocking call: that is no deadlock, and neither is
// a run that ends while one is. With -DDEADLOCK nobody is left after the call.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DDEADLOCK %s -o %t.dead && %exits 66 %run %t.dead 2>&1 | FileCheck %s --check-prefix=DEAD
#include <fiber/fiber.h>
#include <unistd.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel;
    fiber::go([=] {
      fiber::blocking([] { usleep(50'000); });
#ifndef DEADLOCK
      channel.send(1);
#endif
    });
    std::printf("received %d\n", *channel.receive());
    std::fflush(stdout);
    fiber::go([] { fiber::blocking([] { pause(); }); });
    fiber::sleep_for(std::chrono::milliseconds(5));
  });
}
// CHECK: received 1
// DEAD: global deadlock
