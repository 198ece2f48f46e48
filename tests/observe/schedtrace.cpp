// FIBER_OPTIONS=schedtrace prints Go's line each period, with scheddetail also processors,
// threads and fibers.
//
// RUN: %fiber %s -o %t
// RUN: env FIBER_OPTIONS=procs=2:schedtrace=50 %run %t 2>&1 | FileCheck %s --implicit-check-not="P0:"
// RUN: env FIBER_OPTIONS=procs=2:schedtrace=50:scheddetail=1 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,DETAIL
// RUN: env FIBER_OPTIONS=procs=2 %run %t 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
#include <fiber/fiber.h>

#include <chrono>

using namespace std::chrono_literals;

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel;
    fiber::go({.name = "waiter"}, [channel] { channel.receive(); });
    fiber::sleep_for(330ms);
  });
}
// CHECK: SCHED {{5[0-9]|[6-9][0-9]|[1-9][0-9][0-9]}}ms: procs=2 idle={{[0-2]}} threads={{[3-5]}} spinning={{[0-2]}} idlethreads={{[0-4]}} runqueue=0 [0 0]
// DETAIL-NEXT: P0: {{idle|running}} dispatches={{[0-9]+}} thread={{-?[0-9]+}} runqueue=0 freestacks={{[0-9]+}}
// DETAIL-NEXT: P1:
// A thread that has not begun is not listed: on a busy machine M0 may miss the first time.
// DETAIL: M0: tid={{[0-9]+}} p={{-1|0|1}} fiber={{-?[0-9]+}}
// DETAIL: F1: sleep
// DETAIL-NEXT: F2: chan receive 'waiter'
// CHECK: SCHED
// CHECK: SCHED
// SILENT-NOT: SCHED
