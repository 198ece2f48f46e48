// A fiber writes to a local of its parent that went out of scope before: the write is a race with
// the parent's own, whoever uses the place by then. With the argument the parent waits.
//
// RUN: %fibersan -O1 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t waits 2>&1 | FileCheck %s --check-prefix=WAITS --implicit-check-not=WARNING
#include <alloca.h>
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

Turn turn;
bool waits = false;

// So far down the stack that nothing of the parent's comes there again.
[[gnu::noinline]] void leave_behind(fiber::WaitGroup& child) {
  long* local = static_cast<long*>(alloca(16384));
  local[0] = 1;
  child.go([local] {
    turn.after(1);
    local[0] = 3;
    // CHECK: WARNING: FiberSan: data race
    // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber 2:
    // CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber 1:
    // CHECK-NEXT: #0 leave_behind(fiber::WaitGroup&) {{.*}}:[[@LINE+8]]
    // CHECK: Location is stack of fiber 1
  });
  if (waits) {
    turn.done();
    child.wait();
  }
  // The scope's last use.
  local[0] = 2;
}

int main(int argc, char**) {
  waits = argc > 1;
  return fiber::run([] {
    fiber::WaitGroup child;
    leave_behind(child);
    turn.done();
    child.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// WAITS: done
