// A cancel() comes before what observes it; what the canceller does afterwards does not.
// -DFIXED writes before it cancels.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../../turn.h"

Turn turn;
int value;

int read() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber 2:
  // CHECK-NEXT: #0 read() {{.*}}context_after_cancel.cpp:[[@LINE-3]]
}

void write() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK-NEXT: #0 write() {{.*}}context_after_cancel.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto [context, cancel] = fiber::with_cancel({});
    auto observer = fiber::spawn([child = fiber::with_cancel(context).context] {
      child.done().receive();
      turn.after(1);
      std::printf("read %d\n", read());
    });
#ifdef FIXED
    write();
    cancel();
#else
    cancel();
    write();
#endif
    turn.done();
    observer.join();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
