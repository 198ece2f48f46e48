// Everything waits but one fiber that sleeps: no deadlock, it will wake the others. The
// same with a time-out of each kind, one after the other.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <mutex>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel;
    fiber::go([channel] {
      fiber::sleep_for(30ms);
      channel.send(1);
    });
    std::printf("slept %d\n", *channel.receive());

    fiber::go([channel] {
      fiber::select(fiber::on_receive(channel), fiber::on_timeout(30ms));
      channel.send(2);
    });
    while (channel.try_receive()) {
    }
    fiber::Mutex mutex;
    fiber::ConditionVariable changed;
    std::unique_lock lock(mutex);
    const bool notified = changed.wait_for(lock, 30ms) == std::cv_status::no_timeout;
    std::printf("notified %d\n", notified);
    std::printf("after the time-out %d\n", *channel.receive());
    fiber::Semaphore permits(0);
    std::printf("acquired %d\n", permits.try_acquire_for(30ms));
    std::printf("received %d\n", channel.receive_for(30ms).has_value());
    std::printf("sent %d\n", channel.send_for(3, 30ms));
  });
}
// CHECK: slept 1
// CHECK: notified 0
// CHECK: after the time-out 2
// CHECK: acquired 0
// CHECK: received 0
// CHECK: sent 0
