// The same two lines race over two different chains of calls: two reports, each with its
// own frames, the older access's included. -DFIXED guards both.
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

int value;
fiber::Mutex mutex;
Turn turn;

[[gnu::noinline]] void write(int n) { value = n; }
[[gnu::noinline]] void by_letter() { write(1), turn.done(); }
[[gnu::noinline]] void by_phone() { write(2), turn.done(); }

void late() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  value = 3;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 late() {{.*}}call_chains.cpp:[[@LINE-3]]
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 write(int) {{.*}}call_chains.cpp:[[@LINE-13]]
// CHECK-NEXT: #1 by_letter() {{.*}}call_chains.cpp:[[@LINE-13]]
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 late() {{.*}}call_chains.cpp:[[@LINE-8]]
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 write(int) {{.*}}call_chains.cpp:[[@LINE-18]]
// CHECK-NEXT: #1 by_phone() {{.*}}call_chains.cpp:[[@LINE-17]]

void early(void (*send)()) {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  send();
}

int main() {
  return fiber::run([] {
    for (auto send : {by_letter, by_phone}) {
      fiber::WaitGroup both;
      const int begin = send == by_letter ? 0 : 2;
      both.go([=] { turn.after(begin), early(send); });
      both.go([=] { turn.after(begin + 1), late(), turn.done(); });
      both.wait();
    }
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
