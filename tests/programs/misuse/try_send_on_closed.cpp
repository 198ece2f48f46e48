// Every way to send on a closed channel is the same mistake: try_send, send_for and a
// select whose send is chosen. -DFIXED leaves the channel open.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

template <typename Send>
void attempt(Send send) {
  try {
    send();
  } catch (const fiber::ClosedChannel&) {
    std::puts("caught");
  }
}

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel(3);
#ifndef FIXED
    channel.close();
#endif
    attempt([&] { channel.try_send(1); });
    // CHECK: WARNING: FiberSan: send on closed channel
    // CHECK: {{.*}}try_send_on_closed.cpp:[[@LINE-2]]
    attempt([&] { channel.send_for(2, 1ms); });
    // CHECK: WARNING: FiberSan: send on closed channel
    // CHECK: {{.*}}try_send_on_closed.cpp:[[@LINE-2]]
    attempt([&] { fiber::select(fiber::on_send(channel, 3)); });
    // CHECK: WARNING: FiberSan: send on closed channel
    // CHECK: {{.*}}try_send_on_closed.cpp:[[@LINE-2]]
    std::printf("size %zu\n", channel.size());
  });
}
// CHECK-DAG: FiberSan: reported 3 warnings; precision: exact
// CHECK-DAG: size 0
// FIXED-NOT: caught
// FIXED: size 3
