// A channel is closed while a sender waits in it: the sender gets ClosedChannel, and the
// finding has its stack. The close and the send are unordered, which is a finding, too.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel;
    auto sender = fiber::spawn(fiber::FiberOptions{.name = "sender"}, [channel] {
      try {
        channel.send(1);
      } catch (const fiber::ClosedChannel&) {
        return "closed";
      }
      return "sent";
    });
#ifdef FIXED
    channel.receive();
    const char* what = sender.join();
    channel.close();
#else
    while (fiber::stats().parks < 1) fiber::yield();
    channel.close();
    const char* what = sender.join();
#endif
    std::printf("the send %s\n", what);
  });
}
// CHECK-DAG: WARNING: FiberSan: send on closed channel
// CHECK-DAG: WARNING: FiberSan: data race
// CHECK-DAG: by fiber {{[0-9]+}} 'sender'
// CHECK-DAG: the send closed
// CHECK-DAG: FiberSan: reported 2 warnings; precision: exact
// FIXED: the send sent
