// AB and BA in two fibers that a join orders can never meet: nothing is reported, nor
// for try_lock with back-off.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

fiber::Mutex a, b;

int main() {
  return fiber::run([] {
    fiber::spawn([] { std::scoped_lock first(a), second(b); }).join();
    fiber::spawn([] {
      std::scoped_lock first(b);
      std::scoped_lock second(a);
    }).join();
    fiber::WaitGroup both;
    for (int i = 0; i < 2; ++i)
      both.go([i] {
        for (int round = 0; round < 100; ++round) {
          std::unique_lock first(i == 0 ? a : b);
          std::unique_lock second(i == 0 ? b : a, std::try_to_lock);
          if (!second.owns_lock()) first.unlock();
          fiber::yield();
        }
      });
    both.wait();
    fiber::WaitGroup careful;
    for (int i = 0; i < 2; ++i)
      careful.go([i] {
        for (int round = 0; round < 100; ++round) {
          if (i == 0) {
            std::scoped_lock locks(a, b);
          } else {
            std::scoped_lock locks(b, a);
          }
        }
      });
    careful.wait();
    std::puts("done");
  });
}
// CHECK: done
