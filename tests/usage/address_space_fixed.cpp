// Without randomisation, as under a debugger.
//
// REQUIRES: permission-to-use-setarch
// RUN: %fibersan %s -o %t
// RUN: %exits 66 setarch -R %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -no-pie %s -o %t.fixed
// RUN: %exits 66 setarch -R %run %t.fixed 2>&1 | FileCheck %s
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'counter'
