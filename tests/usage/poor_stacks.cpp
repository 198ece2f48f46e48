// Flags that take from reports, not from the finding: without debug information frames have names
// and no lines; without frame pointers callers are missing, not invented.
//
// RUN: %fibersan -O1 -g0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,NAMES
// RUN: %fibersan -O1 -g -fomit-frame-pointer -momit-leaf-frame-pointer %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,LINES
#include <fiber/fiber.h>

int shared;

[[gnu::noinline]] void write_it() {
  ++shared;
  asm volatile("");
}
[[gnu::noinline]] void outer() {
  write_it();
  asm volatile("");
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    for (int i = 0; i < 2; ++i) both.go(outer);
    both.wait();
    return 0;
  });
}
// CHECK: WARNING: FiberSan: data race
// NAMES: #0 write_it() ({{.*}})
// NAMES-NEXT: #1 outer() ({{.*}})
// LINES: #0 write_it() {{.*}}poor_stacks.cpp:[[@LINE-19]]:{{[0-9]+}} (
// LINES-NOT: {{^ *}}#{{[0-9]+}} {{.*}}main
// LINES: Previous write
// CHECK: Location is global 'shared'
// CHECK: reported 1 warnings
