// A channel of capacity 2: the first receive happens before the third send completes,
// and not before the second. -DFIXED sends the third value before it reads.
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
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'receiver':
  // CHECK-NEXT: #0 receiver() {{.*}}channel_capacity.cpp:[[@LINE-4]]
  channel.receive();
  turn.done();
}

void sender() {
  channel.send(1);
  turn.after(1);
  channel.send(2);
#ifdef FIXED
  channel.send(3);
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
// CHECK: Location is global 'value' of size 4
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
