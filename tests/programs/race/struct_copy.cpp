// Assigning a struct of 64 bytes reads and writes all of it, in whatever pieces the
// compiler chooses. -DFIXED copies under the lock of the writer.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

struct Record {
  long field[8];
};
Record record;
fiber::Mutex mutex;
Turn turn;

Record early() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  return record;
}

void late() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  record.field[7] = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}struct_copy.cpp:[[@LINE-3]]
  // CHECK: Previous read of size {{8|16|32|64}} at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: early() {{.*}}struct_copy.cpp:[[@LINE-12]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] {
      const Record copy = early();
      std::printf("read %ld\n", copy.field[7]);
      turn.done();
    });
    both.go([] { turn.after(1), late(); });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
