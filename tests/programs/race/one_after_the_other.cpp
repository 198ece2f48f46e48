// With one processor the two fibers run one after the other, each from its first to its
// last step. That is no ordering: it is a race all the same. -DFIXED joins in between.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int value;

void first() {
  value = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-DAG: {{Write|Previous write}} of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'one':
  // CHECK-DAG: #0 first() {{.*}}one_after_the_other.cpp:[[@LINE-3]]
}

void second() {
  value = 2;
  // CHECK-DAG: {{Write|Previous write}} of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'two':
  // CHECK-DAG: #0 second() {{.*}}one_after_the_other.cpp:[[@LINE-2]]
}

int main() {
  const auto one_processor = fiber::Options{.procs = 1};
  return fiber::run(
      [] {
        fiber::WaitGroup one, two;
        one.go(fiber::FiberOptions{.name = "one"}, first);
#ifdef FIXED
        one.wait();
#endif
        two.go(fiber::FiberOptions{.name = "two"}, second);
        two.wait();
        one.wait();
        std::puts("done");
      },
      one_processor);
}
// CHECK: Location is global 'value' of size 4
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
