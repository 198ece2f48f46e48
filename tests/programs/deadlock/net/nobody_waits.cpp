// A connection is known to the poller, yet no fiber waits for it: it can wake nobody.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

int main() {
  return fiber::run([] {
    auto ends = fiber::UnixStream::pair();
    char byte;
    std::error_code error;
    ends.first.set_deadline(std::chrono::milliseconds(1));
    ends.first.read(&byte, 1, error);
    ends.first.set_deadline(fiber::Socket::kNoDeadline);
    std::puts("alone");
    std::fflush(stdout);
    fiber::Channel<int>().receive();
  });
}
// CHECK: alone
// CHECK: WARNING: FiberSan: global deadlock
// CHECK: chan receive
// PLAIN: alone
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: chan receive
