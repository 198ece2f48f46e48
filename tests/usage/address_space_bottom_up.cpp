// Without a limit on the stack the kernel puts mappings low and lets them grow upwards.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 bash -c 'ulimit -s unlimited && exec "$0"' %t 2>&1 | FileCheck %s
// RUN: %fibersan -no-pie %s -o %t.fixed
// RUN: %exits 66 bash -c 'ulimit -s unlimited && exec "$0"' %t.fixed 2>&1 | FileCheck %s
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'counter'
// CHECK: FiberSan: reported 1 warnings; precision: exact
