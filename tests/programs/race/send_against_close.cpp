// A send and a close with no order between them: whether the send throws is a matter
// of luck, even when it did not this time. -DFIXED closes when the sender is done.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

fiber::Channel<int> channel(1);
Turn turn;

void late() {
  channel.close();
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Operation on channel 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: late() {{.*}}send_against_close.cpp:[[@LINE-3]]
}

void early() {
  channel.send(1);
  // CHECK: Previous operation on channel 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: early() {{.*}}send_against_close.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto sender = fiber::spawn([] { early(), turn.done(); });
#ifdef FIXED
    sender.join();
#endif
    auto closer = fiber::spawn([] { turn.after(1), late(); });
#ifndef FIXED
    sender.join();
#endif
    closer.join();
    std::printf("size %zu, capacity %zu\n", channel.size(), channel.capacity());
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: size 1, capacity 1
