// A fiber waits in a channel whose handle is meanwhile assigned, moved from or destroyed
// by its owner: the wait goes on in the channel that it began with.
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
    fiber::Channel<int> first;
    const fiber::Channel<int> kept = first;
    auto sender = fiber::spawn([kept] {
      fiber::sleep_for(5ms);
      kept.send(1);
      kept.send(2);
    });
    struct Holder {
      fiber::Channel<int> channel;
    } holder{first};
    // The handler runs when the operation is complete, and may change its channel.
    fiber::select(fiber::on_receive(holder.channel, [&](std::optional<int> n) {
      holder.channel = fiber::Channel<int>::nil();
      std::printf("received %d\n", *n);
    }));
    std::printf("received %d, handle is nil: %d\n", *fiber::Channel<int>(first).receive(),
                !holder.channel);
    sender.join();

    auto waiter = fiber::spawn([] {
      auto temporary = std::make_unique<fiber::Channel<int>>(1);
      fiber::go([copy = *temporary] { fiber::sleep_for(1ms), copy.send(3); });
      const fiber::Channel<int>& reference = *temporary;
      auto received = reference.receive();
      temporary.reset();
      return *received;
    });
    std::printf("received %d\n", waiter.join());
  });
}
// CHECK: received 1
// CHECK: received 2, handle is nil: 1
// CHECK: received 3
