// One fiber clears a whole buffer while another still reads its middle.
// -DFIXED clears what is before and behind.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O3 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

char buffer[300];
volatile std::size_t size = sizeof buffer;
Turn turn;

void late() {
#ifdef FIXED
  std::memset(buffer, 0, size / 2);
  std::memset(buffer + size / 2 + 1, 0, size / 2 - 1);
#else
  std::memset(buffer, 0, size);
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 300 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: late() {{.*}}memset_range.cpp:[[@LINE-3]]
#endif
}

int early() {
  return buffer[150];
  // CHECK: Previous read of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}memset_range.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { std::printf("read %d\n", early()), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
  });
}
// CHECK: Location is global 'buffer' of size 300
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
