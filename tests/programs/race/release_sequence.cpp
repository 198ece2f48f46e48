// A relaxed store by another fiber ends a release sequence; a relaxed read-modify-write
// (-DFIXED) goes on with it, so that the acquire load still synchronises.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

int data;
std::atomic<int> stage;
Turn turn;

int late() {
  return data;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'reader':
  // CHECK-NEXT: #0 late() {{.*}}release_sequence.cpp:[[@LINE-3]]
}

void early() {
  data = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'writer':
  // CHECK-NEXT: #0 early() {{.*}}release_sequence.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup all;
    all.go(fiber::FiberOptions{.name = "writer"}, [] {
      early();
      stage.store(1, std::memory_order_release);
      turn.done();
    });
    all.go([] {
      turn.after(1);
#ifdef FIXED
      stage.fetch_add(1, std::memory_order_relaxed);
#else
      stage.store(2, std::memory_order_relaxed);
#endif
      turn.done();
    });
    all.go(fiber::FiberOptions{.name = "reader"}, [] {
      turn.after(2);
      const int seen = stage.load(std::memory_order_acquire);
      std::printf("stage %d, read %d\n", seen, late());
    });
    all.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: stage 2, read 1
