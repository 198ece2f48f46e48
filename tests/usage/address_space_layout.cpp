// The shadow finds its place whatever the layout: position-independent or not, with and
// without randomisation. No re-execution, no personality(): the process is the one started.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -no-pie %s -o %t.fixed && %exits 66 %run %t.fixed 2>&1 | FileCheck %s
// RUN: %fibersan -fno-pie -no-pie -O0 %s -o %t.absolute && %exits 66 %run %t.absolute 2>&1 | FileCheck %s
// RUN: %fibersan -fuse-ld=lld %s -o %t.lld && %exits 66 %run %t.lld 2>&1 | FileCheck %s
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: main runs
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'counter'
// CHECK: FiberSan: reported 1 warnings; precision: exact
