// The case that a select takes orders like the operation itself, sending and receiving,
// whether it was ready at once or had to wait.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
    fiber::Channel<int> left, right, never;
    int from_left = 0, from_right = 0, sum = 0;
    fiber::WaitGroup senders;
    senders.go([&, left] { from_left = 1, left.send(1); });
    senders.go([&, right] {
      from_right = 2;
      const auto taken = fiber::select(fiber::on_receive(never, [](auto) {}),
                                       fiber::on_send(right, 2, [] {}), fiber::on_timeout(1h));
      std::printf("sender took %zu\n", taken);
    });
    for (int i = 0; i < 2; ++i) {
      fiber::select(fiber::on_receive(left, [&](std::optional<int>) { sum += from_left; }),
                    fiber::on_receive(right, [&](std::optional<int>) { sum += from_right; }));
    }
    senders.wait();
    fiber::select(fiber::on_receive(left, [&](auto) { sum = -1; }),
                  fiber::otherwise([&] { ++sum; }));
    fiber::select(fiber::on_receive(left, [&](auto) { sum = -1; }),
                  fiber::on_timeout(1ms, [&] { ++sum; }));
    std::printf("sum %d\n", sum);
  });
}
// CHECK: sender took 1
// CHECK: sum 5
