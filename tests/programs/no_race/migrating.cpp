// Fibers that run on several processors, one after the other, keep their own order.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

int main() {
  return fiber::run(
      [] {
        std::atomic<bool> migrated = false;
        fiber::WaitGroup all;
        for (int i = 0; i < 100; ++i)
          all.go([&] {
            long own = 0;
            const long first = ::syscall(SYS_gettid);
            for (int step = 0; step < 2000 && (step < 100 || !migrated); ++step) {
              own += step;
              fiber::yield();
              if (::syscall(SYS_gettid) != first) migrated = true;
            }
            if (own < 0) std::puts("impossible");
          });
        all.wait();
        std::printf("migrated: %d, of %u processors\n", migrated.load(), fiber::processors());
      },
      fiber::Options{.procs = 4});
}
// CHECK: migrated: 1, of 4 processors
