// Two senders put an item each into one buffered channel. Who received the second
// item knows nothing of the first sender. -DFIXED lets that fiber receive both.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
fiber::Channel<int> channel(2);
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'second receiver':
  // CHECK-NEXT: #0 late() {{.*}}channel_other_item.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'first sender':
  // CHECK-NEXT: #0 early() {{.*}}channel_other_item.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup all;
    all.go(fiber::FiberOptions{.name = "first sender"},
           [] { early(), channel.send(1), turn.done(); });
    all.go([] { turn.after(1), channel.send(2), turn.done(); });
#ifndef FIXED
    all.go([] { turn.after(2), channel.receive(), turn.done(); });
#endif
    all.go(fiber::FiberOptions{.name = "second receiver"}, [] {
#ifdef FIXED
      channel.receive();
#else
      turn.after(3);
#endif
      const int item = *channel.receive();
      std::printf("item %d, read %d\n", item, late());
    });
    all.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: item 2, read 1
