// Four fibers send their squares through a channel; the receiver prints them.
// They also add them up in one int that nobody guards: a data race.
// -DFIXED adds them up with an atomic.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> squares(4);  // like make(chan int, 4)
    fiber::WaitGroup workers;
#ifdef FIXED
    std::atomic<int> total = 0;
#else
    int total = 0;
#endif
    for (int i = 1; i <= 4; ++i) {
      workers.go([&, i] {
        squares.send(i * i);
        total += i;
        // CHECK: WARNING: FiberSan: data race
        // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
        // CHECK-NEXT: #0 {{.*}}hello.cpp:[[@LINE-3]]
        // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
        // CHECK-NEXT: #0 {{.*}}hello.cpp:[[@LINE-5]]
        // CHECK: Location is stack of fiber 1
        // CHECK: SUMMARY: FiberSan: data race {{.*}}hello.cpp:[[@LINE-7]]
      });
    }
    workers.wait();
    squares.close();
    for (int s : squares) std::printf("%d\n", s);
    std::printf("total %d\n", static_cast<int>(total));
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED-DAG: {{^}}1{{$}}
// FIXED-DAG: {{^}}4{{$}}
// FIXED-DAG: {{^}}9{{$}}
// FIXED-DAG: {{^}}16{{$}}
// FIXED: total 10
