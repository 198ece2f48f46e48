// When main's function returns, the other fibers are stopped where they are, blocked or
// not; their stacks are not unwound, and that is no finding by default.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=destructor
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=destructor
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s --implicit-check-not=error --implicit-check-not=destructor
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

struct Loud {
  ~Loud() { std::puts("destructor of a stopped fiber"); }
};

fiber::Channel<int> channel;

int main() {
  const int status = fiber::run([] {
    fiber::go([] {
      Loud loud;
      fiber::sleep_for(std::chrono::hours(1));
    });
    fiber::go([] {
      Loud loud;
      channel.send(1);
    });
    fiber::go([] {
      while (true) fiber::yield();
    });
    for (int i = 0; i < 10; ++i) fiber::yield();
    return 5;
  });
  std::printf("status %d\n", status);
}
// CHECK: status 5
