// A channel of capacity 2: the third send knows what the receiver did before its first
// receive, and nothing of what it did afterwards, although that was earlier in time.
// -DFIXED sends a fourth value, which the second receive happens before.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
fiber::Channel<int> channel(2);
Turn turn;

void receiver() {
  channel.receive();
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'receiver':
  // CHECK-NEXT: #0 receiver() {{.*}}channel_capacity_and_nothing_more.cpp:[[@LINE-4]]
  channel.receive();
  turn.done();
}

void sender() {
  channel.send(1);
  channel.send(2);
  turn.after(1);
  channel.send(3);
#ifdef FIXED
  channel.send(4);
#endif
  std::printf("read %d\n", value);
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go(fiber::FiberOptions{.name = "receiver"}, receiver);
    both.go(fiber::FiberOptions{.name = "sender"}, sender);
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
