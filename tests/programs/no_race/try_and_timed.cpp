// The operations that try, or try for a while, order as the others do when they succeed.
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
    fiber::Mutex mutex;
    fiber::Semaphore permits(0);
    fiber::Channel<int> channel(1);
    int by_mutex = 0, by_semaphore = 0, by_channel = 0;
    auto writer = fiber::spawn([&] {
      mutex.lock();
      by_mutex = 1;
      mutex.unlock();
      by_semaphore = 2;
      permits.release();
      by_channel = 3;
      while (!channel.try_send(0)) fiber::yield();
    });
    while (!permits.try_acquire_for(1s)) fiber::yield();
    std::printf("semaphore %d\n", by_semaphore);
    while (!mutex.try_lock_for(1s)) fiber::yield();
    std::printf("mutex %d\n", by_mutex);
    mutex.unlock();
    int received;
    while (channel.receive_for(received, 1s) != fiber::ChannelStatus::kOk) fiber::yield();
    std::printf("channel %d\n", by_channel);
    writer.join();
  });
}
// CHECK: semaphore 2
// CHECK: mutex 1
// CHECK: channel 3
