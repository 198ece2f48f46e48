// An order that the detector cannot see is told by happens_before() and happens_after();
// without them (no -DFIXED) the same program is reported.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

int value;
volatile int flag;  // stands for a device or another process

FIBERSAN_IGNORE void raise_flag() { flag = 1; }
FIBERSAN_IGNORE bool flag_is_up() { return flag == 1; }

int main() {
  return fiber::run([] {
    auto reader = fiber::spawn([] {
      while (!flag_is_up()) fiber::yield();
#ifdef FIXED
      fiber::happens_after(&flag);
#endif
      return value;
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Read of size 4 at 0x{{[0-9a-f]+}} by fiber 2
    });
    value = 42;
#ifdef FIXED
    fiber::happens_before(&flag);
#endif
    raise_flag();
    std::printf("read %d\n", reader.join());
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 42
