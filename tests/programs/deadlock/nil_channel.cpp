// A nil channel blocks for ever, sending and receiving.
// -DFIXED makes the channel before it is used.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>

#ifdef FIXED
fiber::Channel<int> channel(1);
#else
fiber::Channel<int> channel = fiber::Channel<int>::nil();
#endif

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go(fiber::FiberOptions{.name = "sender"}, [] { channel.send(1); });
    both.go(fiber::FiberOptions{.name = "receiver"},
            [] { std::printf("received %d\n", *channel.receive()); });
    both.wait();
  });
}
// CHECK: WARNING: FiberSan: global deadlock
// CHECK-DAG: Fiber {{[0-9]+}} 'sender' waits: nil chan send
// CHECK-DAG: Fiber {{[0-9]+}} 'receiver' waits: nil chan receive
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: received 1
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: 'sender'{{.*}}nil chan send
// PLAIN-DAG: 'receiver'{{.*}}nil chan receive
