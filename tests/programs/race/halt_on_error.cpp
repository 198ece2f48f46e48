// halt_on_error=1 ends the process at the first finding, with the same exit status.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=ALL
// RUN: %exits 66 env FIBERSAN_OPTIONS=halt_on_error=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run env FIBERSAN_OPTIONS=report_bugs=0 %t 2>&1 | FileCheck %s --check-prefix=NONE --implicit-check-not=WARNING
// RUN: rm -rf %t.logs && mkdir %t.logs && cd %t.logs
// RUN: %exits 66 env FIBERSAN_OPTIONS=log_path=report %run %t | FileCheck %s --check-prefix=NONE --implicit-check-not=WARNING
// RUN: cat %t.logs/report.* | FileCheck %s --check-prefix=ALL
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int first, second;
Turn turn;

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { first = 1, second = 1, turn.done(); });
    both.go([] {
      turn.after(1);
      first = 2;
      second = 2;
    });
    both.wait();
    std::puts("the program's own output");
  });
}
// ALL: WARNING: FiberSan: data race
// ALL: WARNING: FiberSan: data race
// ALL: FiberSan: reported 2 warnings; precision: exact
// CHECK: WARNING: FiberSan: data race
// CHECK: FiberSan: reported 1 warnings; precision: exact
// NONE: the program's own output
