// Two fibers copy one shared_ptr. That adds references and publishes nothing, so what the first
// wrote before its copy races with what the second reads after its own. Dropping references is
// what orders: with -DFIXED the last owner reads in the destructor.
//
// RUN: %fibersan -std=c++20 -O1 %s -o %t && not env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -std=c++20 -O1 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>
#include <utility>

int value = 0;
int seen = 0;

struct Reader {
  ~Reader() { seen = value; }
};

int main() {
  int status = fiber::run([] {
    auto first = std::make_shared<Reader>();
    auto second = first;
    fiber::WaitGroup both;
#ifdef FIXED
    both.go([mine = std::move(first)]() mutable {
      value = 1;
      mine.reset();
    });
    both.go([mine = std::move(second)]() mutable { mine.reset(); });
#else
    both.go([&] {
      value = 1;
      auto copy = first;
    });
    both.go([&] {
      fiber::yield();  // on one processor: the writer first
      auto copy = second;
      seen = value;
    });
#endif
    both.wait();
  });
  std::printf("seen %d\n", seen);
  return status;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: Read of size 4
// CHECK: Previous write of size 4
// FIXED: seen 1
