// One edge of each synchronisation object.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

template <typename Write, typename Read>
void check(const char* name, Write write, Read read) {
  int value = 0;
  auto writer = fiber::spawn([&] { write(value); });
  auto reader = fiber::spawn([&] { return read(value); });
  writer.join();
  std::printf("%s: %d\n", name, reader.join());
}

int main() {
  return fiber::run([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
    fiber::ConditionVariable changed;
    fiber::WaitGroup group;
    fiber::Once once;
    fiber::Semaphore semaphore(0);
    fiber::Barrier barrier(2);
    fiber::Latch latch(1);

    check(
        "mutex and condition",
        [&](int& value) {
          std::scoped_lock lock(mutex);
          value = 1;
          changed.notify_one();
        },
        [&](int& value) {
          std::unique_lock lock(mutex);
          changed.wait(lock, [&] { return value == 1; });
          return value;
        });
    check(
        "rwmutex",
        [&](int& value) {
          std::scoped_lock lock(rw_mutex);
          value = 2;
          changed.notify_all();
        },
        [&](int& value) {
          std::shared_lock lock(rw_mutex);
          changed.wait(lock, [&] { return value == 2; });
          return value;
        });
    group.add(1);
    check(
        "waitgroup", [&](int& value) { value = 3, group.done(); },
        [&](int& value) { return group.wait(), value; });
    auto initialise = [&](int& value) {
      once.call([&] { value = 4; });
      return value;
    };
    check("once", initialise, initialise);
    check(
        "semaphore", [&](int& value) { value = 5, semaphore.release(); },
        [&](int& value) { return semaphore.acquire(), value; });
    check(
        "barrier", [&](int& value) { value = 6, barrier.arrive_and_wait(); },
        [&](int& value) { return barrier.arrive_and_wait(), value; });
    check(
        "latch", [&](int& value) { value = 7, latch.count_down(); },
        [&](int& value) { return latch.wait(), value; });
    int value = 0;
    fiber::spawn([&] { value = 8; }).join();
    std::printf("join: %d\n", value);
  });
}
// CHECK: mutex and condition: 1
// CHECK: rwmutex: 2
// CHECK: waitgroup: 3
// CHECK: once: 4
// CHECK: semaphore: 5
// CHECK: barrier: 6
// CHECK: latch: 7
// CHECK: join: 8
