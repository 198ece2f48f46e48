// A select offers to send and times out: the case that was not taken orders nothing.
// -DFIXED sends for good, which the receiver then acquires.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#include "../turn.h"

int value;
fiber::Channel<int> channel(1);
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'receiver':
  // CHECK-NEXT: #0 late() {{.*}}select_losing_case.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'sender':
  // CHECK-NEXT: #0 early() {{.*}}select_losing_case.cpp:[[@LINE-2]]
  const auto timeout = std::chrono::milliseconds(2);
  fiber::select(fiber::on_send(channel, 2, [] { std::puts("impossible: it is full"); }),
                fiber::on_timeout(timeout, [] {}));
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    channel.send(1);
    both.go(fiber::FiberOptions{.name = "sender"}, [] {
      early();
      turn.done();
#ifdef FIXED
      channel.send(2);
#endif
    });
    both.go(fiber::FiberOptions{.name = "receiver"}, [] {
      turn.after(1);
      channel.receive();
#ifdef FIXED
      channel.receive();
#endif
      std::printf("read %d\n", late());
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
