// A select whose only channels are nil, and no time-out: it blocks for ever.
// -DFIXED gives it a time-out.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

int main() {
  return fiber::run([] {
    const auto nil = fiber::Channel<int>::nil();
#ifdef FIXED
    const auto taken = fiber::select(fiber::on_receive(nil), fiber::on_send(nil, 1),
                                     fiber::on_timeout(std::chrono::milliseconds(1)));
#else
    const auto taken = fiber::select(fiber::on_receive(nil), fiber::on_send(nil, 1));
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK: Fiber 1 waits: select
    // CHECK: {{.*}}select_without_case.cpp:[[@LINE-3]]
#endif
    std::printf("took %zu\n", taken);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: took 2
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN: fiber 1{{.*}}select
