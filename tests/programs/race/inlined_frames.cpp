// At -O2 three functions become one; the report shows all of them, innermost first.
// -DFIXED guards the outermost call.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O3 -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>

#include "../turn.h"

int value;
fiber::Mutex mutex;
Turn turn;

[[gnu::always_inline]] inline void innermost(int n) { value = n; }
[[gnu::always_inline]] inline void middle(int n) { innermost(n + 1); }
[[gnu::noinline]] void outermost(int n) { middle(n * 2); }
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 innermost(int) {{.*}}inlined_frames.cpp:[[@LINE-4]]:
// CHECK-NEXT: #1 middle(int) {{.*}}inlined_frames.cpp:[[@LINE-4]]:
// CHECK-NEXT: #2 outermost(int) {{.*}}inlined_frames.cpp:[[@LINE-4]]:
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 innermost(int) {{.*}}inlined_frames.cpp:[[@LINE-8]]:
// CHECK-NEXT: #1 middle(int) {{.*}}inlined_frames.cpp:[[@LINE-8]]:
// CHECK-NEXT: #2 outermost(int) {{.*}}inlined_frames.cpp:[[@LINE-8]]:
// CHECK: SUMMARY: FiberSan: data race {{.*}}inlined_frames.cpp:[[@LINE-11]]:{{[0-9]+}} in innermost

void call(int n) {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  outermost(n);
  turn.done();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go(call, 1);
    both.go([] { turn.after(1), call(2); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
