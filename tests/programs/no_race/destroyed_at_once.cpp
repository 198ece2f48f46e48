// Who returned from wait() may destroy the WaitGroup at once, and a Mutex, Semaphore or
// Channel when its last operation is seen to be over. The memory is used for something
// else immediately.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

template <typename T, typename... Args>
T* fresh(void* place, Args... args) {
  std::memset(place, 0xff, 64);
  return new (place) T(args...);
}

int main() {
  return fiber::run([] {
    alignas(16) unsigned char place[64];
    static_assert(sizeof(fiber::Mutex) <= sizeof place && sizeof(fiber::WaitGroup) <= 64);
    for (int i = 0; i < 300; ++i) {
      auto* group = fresh<fiber::WaitGroup>(place);
      for (int n = 0; n < 3; ++n) group->go([] {});
      group->wait();
      group->~WaitGroup();

      auto* semaphore = fresh<fiber::Semaphore>(place, 0);
      fiber::go([semaphore] { semaphore->release(); });
      semaphore->acquire();
      semaphore->~Semaphore();

      auto* mutex = fresh<fiber::Mutex>(place);
      mutex->lock();
      bool done = false;
      fiber::go([mutex, &done] {
        std::scoped_lock lock(*mutex);
        done = true;
      });
      for (bool seen = false; !seen;) {
        mutex->unlock();
        fiber::yield();
        mutex->lock();
        seen = done;
      }
      mutex->unlock();
      mutex->~Mutex();

      auto channel = std::make_unique<fiber::Channel<int>>();
      fiber::go([handle = *channel] { handle.send(1); });
      channel->receive();
      channel.reset();
    }
    std::puts("done");
  });
}
// CHECK: done
