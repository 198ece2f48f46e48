// A channel of an empty type transports nothing but order, and orders by slot as any
// other: capacity 1, the second send knows the first receive, the first does not.
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

struct Signal {};
int value;
fiber::Channel<Signal> channel(1);
Turn turn;

void receiver() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'receiver':
  // CHECK-NEXT: #0 receiver() {{.*}}channel_of_empty_type.cpp:[[@LINE-4]]
  channel.receive();
  turn.done();
}

void sender() {
  channel.send(Signal{});
  turn.after(1);
#ifdef FIXED
  channel.send(Signal{});
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
