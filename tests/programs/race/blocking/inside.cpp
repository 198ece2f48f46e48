// What a fiber does inside blocking(f) is checked: two fibers add to one int there.
// Under a Mutex (-DFIXED) it is silent.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>

int main() {
  return fiber::run([] {
    int total = 0;
    fiber::Mutex mutex;
    auto add = [&] {
      fiber::blocking([&] {
        usleep(1000);
#ifdef FIXED
        std::scoped_lock lock(mutex);
#endif
        ++total;
      });
    };
    auto one = fiber::spawn(add);
    auto two = fiber::spawn(add);
    one.join();
    two.join();
    std::printf("total %d\n", total);
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK: of size 4 at {{.*}} by fiber {{[23]}}
// CHECK: Previous {{(read|write)}} of size 4 at {{.*}} by fiber {{[23]}}
// FIXED: total 2
