// A mutex is destroyed while one fiber holds it and another waits for it: the finding says who
// they are and where. -DFIXED joins them first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>

#include "../turn.h"

int main() {
  return fiber::run([] {
    auto* mutex = new fiber::Mutex;
    fiber::Channel<int> release;
    static Turn turn;
    auto holder = fiber::spawn(fiber::FiberOptions{.name = "holder"}, [=] {
      mutex->lock();
      turn.done();
      release.receive();
      mutex->unlock();
    });
    turn.after(1);
    auto waiter = fiber::spawn(fiber::FiberOptions{.name = "waiter"}, [=] {
      mutex->lock();
      mutex->unlock();
    });
#ifdef FIXED
    release.send(1);
    holder.join();
    waiter.join();
    delete mutex;
    std::puts("done");
#else
    while (fiber::stats().parks < 2) fiber::yield();
    delete mutex;
    std::_Exit(66);
#endif
  });
}
// CHECK: WARNING: FiberSan: destruction of an object in use
// CHECK: Operation on mutex 0x{{[0-9a-f]+}} by fiber 1:
// CHECK: destroyed_in_use.cpp:[[@LINE-7]]
// CHECK: Locked by fiber 2 'holder' at:
// CHECK: destroyed_in_use.cpp:[[@LINE-27]]
// CHECK: Awaited by fiber 3 'waiter' at:
// CHECK: destroyed_in_use.cpp:[[@LINE-22]]
// FIXED: done
