// Main's function returns, and with it goes the only reference to what a worker waits for: found
// at the end of the run. With a channel that a global has (-DGLOBAL), or closed (-DFIXED), nothing
// is.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DGLOBAL %s -o %t.global && %run %t.global 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>

#ifdef GLOBAL
fiber::Channel<int> kept;
#endif

int main() {
  const int status = fiber::run([] {
    fiber::Channel<int> work;
#ifdef GLOBAL
    kept = work;
#endif
    fiber::Channel<int> results;
    for (int i = 0; i < 3; ++i) {
      fiber::go([work, results] {
        for (int n : work) results.send(n * n);
      });
    }
    for (int i = 0; i < 3; ++i) work.send(i);
    for (int i = 0; i < 3; ++i) results.receive();
    // A fiber on its way from a queue to a processor counts as waiting, for a moment.
    for (int looks = 0; looks < 20;) {
      looks = fiber::stats().fibers_waiting < 3 ? 0 : looks + 1;
      fiber::sleep_for(std::chrono::milliseconds(1));
    }
#ifdef FIXED
    work.close();
#endif
    return 0;
  });
  std::printf("status %d\n", status);
  std::fflush(stdout);  // before the last line
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: Fibers 2-4 (3 in all) wait: chan receive on channel 0x
// CHECK: now that main's function has returned
// CHECK: status 0
// CHECK: FiberSan: reported 1 warnings; precision: exact
// SILENT: status 0
