// A fiber frees a block that another one has read without any order between the two.
// -DFIXED waits for the reader.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

Turn turn;

void late(int* block) {
  delete[] block;
  // CHECK: WARNING: FiberSan: heap-use-after-free race (pid={{[0-9]+}})
  // CHECK-NEXT: Free of size 40 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: late(int*) {{.*}}heap_free.cpp:[[@LINE-3]]
}

int early(const int* block) {
  return block[5];
  // CHECK: Previous read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early(int const*) {{.*}}heap_free.cpp:[[@LINE-2]]
}

int* make() {
  return new int[10]{};
  // CHECK: Location is heap block of size 40 at 0x{{[0-9a-f]+}} allocated by fiber 1:
  // CHECK: make() {{.*}}heap_free.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    int* block = make();
    fiber::WaitGroup reader;
    reader.go([block] { std::printf("read %d\n", early(block)), turn.done(); });
#ifdef FIXED
    reader.wait();
#endif
    turn.after(1);
    late(block);
    reader.wait();
  });
}
// CHECK: SUMMARY: FiberSan: heap-use-after-free race
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
