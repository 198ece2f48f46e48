// All fibers wait for a Context that a deadline will end, their own or their parent's.
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
    auto [parent, cancel] = fiber::with_timeout({}, 20ms);
    fiber::WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.go([context = fiber::with_cancel(parent).context] { context.done().receive(); });
    }
    group.wait();
    std::printf("by the parent\n");
    fiber::Channel<int> channel;
    fiber::after_func(fiber::with_timeout({}, 20ms).context, [channel] { channel.send(1); });
    std::printf("by a call %d\n", *channel.receive());
    auto [background, unused] = fiber::with_timeout(fiber::Context::background(), 1h);
    const auto index = fiber::select(fiber::on_receive(background.done()), fiber::on_timeout(1ms));
    std::printf("by a time-out of select %zu\n", index);
  });
}
// CHECK: by the parent
// CHECK: by a call 1
// CHECK: by a time-out of select 1
