// More fibers in blocking calls than FIBER_OPTIONS=max_threads allows threads: the process ends
// with what to do. Enough threads (the first run) are silent.
//
// RUN: %fiber %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=ENOUGH --allow-empty --implicit-check-not=fatal
// RUN: %exits 2 env FIBER_OPTIONS=max_threads=10 %run %t 2>&1 | FileCheck %s
#include <fiber/fiber.h>
#include <unistd.h>

int main() {
  return fiber::run(
      [] {
        for (int i = 0; i < 20; ++i) {
          fiber::go([] { fiber::blocking([] { pause(); }); });
        }
        fiber::sleep_for(std::chrono::milliseconds(200));
      },
      {.procs = 2});
}
// CHECK: fiber: program exceeds 10-thread limit
// CHECK: fatal error: thread exhaustion
// ENOUGH-NOT: limit
