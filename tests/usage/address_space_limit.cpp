// The shadow is a large reservation. Where a limit forbids it the process says what is needed
// and ends with a failure before main.
//
// RUN: %fibersan %s -o %t
// RUN: not bash -c 'ulimit -v 8000000 && exec "$0"' %t 2>&1 | FileCheck %s --implicit-check-not="main runs"
// RUN: %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=FREE
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: FiberSan:{{.*}}shadow
// CHECK: ulimit -v
// FREE: main runs
// FREE: WARNING: FiberSan: data race
