// The fiber waits in the channel by a global handle, which others assign meanwhile, in
// order with the begin of the wait: no race, and the wait is not disturbed.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

fiber::Channel<int> handle;

int main() {
  return fiber::run([] {
    const fiber::Channel<int> original = handle;
    fiber::Semaphore about_to_wait(0);
    auto waiter = fiber::spawn([&] {
      // What reads the handle comes before the release, what waits after it.
      auto waiting =
          fiber::on_receive(handle, [](std::optional<int> n) { std::printf("received %d\n", *n); });
      about_to_wait.release();
      fiber::select(std::move(waiting));
    });
    about_to_wait.acquire();
    fiber::sleep_for(std::chrono::milliseconds(5));
    handle = fiber::Channel<int>(7);
    original.send(1);
    waiter.join();
    std::printf("capacity %zu\n", handle.capacity());
  });
}
// CHECK: received 1
// CHECK: capacity 7
