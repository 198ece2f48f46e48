// A std::atomic_ref of an object that another fiber reads plainly is a race.
// -DFIXED reads through an atomic_ref, too.
//
// RUN: %fibersan -std=c++20 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -std=c++20 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void late() {
  std::atomic_ref<int>(value).store(1);
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: {{[Aa]}}tomic write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: late() {{.*}}atomic_ref.cpp:[[@LINE-3]]
}

int early() {
#ifdef FIXED
  return std::atomic_ref<int>(value).load();
#else
  return value;
  // CHECK: Previous read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 early() {{.*}}atomic_ref.cpp:[[@LINE-2]]
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { std::printf("read %d\n", early()), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
