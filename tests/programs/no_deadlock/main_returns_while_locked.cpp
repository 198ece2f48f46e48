// A fiber that is stopped because main's function returned may hold a lock, a channel's
// buffer, anything: that it is destroyed at exit is no finding.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s --implicit-check-not=error
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

fiber::Mutex mutex;
fiber::RwMutex rw_mutex;
fiber::Semaphore locked(0);
fiber::Channel<int> channel;

int main() {
  return fiber::run([] {
    fiber::go([] {
      std::scoped_lock lock(mutex, rw_mutex);
      locked.release();
      channel.receive();
    });
    locked.acquire();
    std::puts("done");
  });
}
// CHECK: done
