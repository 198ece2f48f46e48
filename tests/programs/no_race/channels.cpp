// Every edge that a channel gives: unbuffered both ways, buffered from send to receive
// and from the k-th receive to the (k+C)-th send, close to the receive that sees it.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>

int main() {
  return fiber::run([] {
    int there = 0, back = 0, slots[3] = {}, at_close = 0;
    fiber::Channel<int> unbuffered, buffered(3);
    auto receiver = fiber::spawn([&, unbuffered, buffered] {
      back = 1;
      unbuffered.receive();
      std::printf("there %d\n", there);
      int sum = 0;
      for (int i : buffered) sum += slots[i % 3];  // slot i % 3 is free with the next receive
      std::printf("sum %d, at close %d\n", sum, at_close);
    });
    there = 1;
    unbuffered.send(1);
    std::printf("back %d\n", back);
    for (int i = 0; i < 30; ++i) {
      if (i < 3) slots[i] = 1;
      buffered.send(i);
    }
    at_close = 1;
    buffered.close();
    receiver.join();

    fiber::Channel<std::unique_ptr<int>> move_only(1);
    auto owner = fiber::spawn([move_only] { return **move_only.receive(); });
    move_only.send(std::make_unique<int>(7));
    std::printf("owned %d\n", owner.join());
  });
}
// CHECK-DAG: there 1
// CHECK-DAG: back 1
// CHECK: sum 30, at close 1
// CHECK: owned 7
