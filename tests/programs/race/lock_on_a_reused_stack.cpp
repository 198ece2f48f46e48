// What a fiber's local atomic or mutex ordered ends with the fiber's stack: another fiber's local
// at the same place orders nobody after it. With "handed_over" the lock is one and the same.
//
// RUN: %fibersan %s -o %t
// RUN: not env FIBER_OPTIONS=procs=1 %run %t atomic 2>&1 | FileCheck %s --implicit-check-not="not the same"
// RUN: not env FIBER_OPTIONS=procs=1 %run %t mutex 2>&1 | FileCheck %s --implicit-check-not="not the same"
// RUN: env FIBER_OPTIONS=procs=1 %run %t handed_over 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>

int shared = 0;

namespace {

std::mutex* given = nullptr;
std::atomic<const void*> places[2];

void with_atomic(int number) {
  std::atomic<int> own = 0;
  places[number].store(&own, std::memory_order_relaxed);
  own.load(std::memory_order_acquire);
  shared = number;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Write of size 4 at {{.*}} by fiber 3
  own.store(1, std::memory_order_release);
}

void with_mutex(int number) {
  std::mutex own;
  std::mutex& mutex = given == nullptr ? own : *given;
  places[number].store(&mutex, std::memory_order_relaxed);
  const std::scoped_lock lock(mutex);
  shared = number;
}

}  // namespace

int main(int, char** argv) {
  const auto body = std::strcmp(argv[1], "atomic") == 0 ? with_atomic : with_mutex;
  std::mutex one;
  if (std::strcmp(argv[1], "handed_over") == 0) given = &one;
  return fiber::run([&] {
    std::atomic<int> ended = 0;
    for (const int number : {0, 1}) {
      fiber::go([&, number] {
        body(number);
        ended.fetch_add(1, std::memory_order_relaxed);
      });
      // No edge, only time.
      while (ended.load(std::memory_order_relaxed) != number + 1) fiber::yield();
      fiber::yield();
    }
    if (places[0].load() != places[1].load()) std::fprintf(stderr, "not the same stack\n");
    std::fprintf(stderr, "done\n");
  });
}
// FIXED: done
