// Layouts where the libraries are far below the executable: an unlimited stack, the layout
// that grows upwards, and a loader that is started itself and puts the program among them.
//
// REQUIRES: permission-to-use-setarch
// RUN: %fibersan %s -o %t
// RUN: %fibersan -no-pie %s -o %t.fixed
// RUN: %exits 66 %run bash -c 'ulimit -s unlimited && exec "$0"' %t 2>&1 | FileCheck %s
// RUN: %exits 66 %run setarch --addr-compat-layout %t 2>&1 | FileCheck %s
// RUN: %exits 66 %run setarch -R --addr-compat-layout %t 2>&1 | FileCheck %s
// RUN: %exits 66 %run bash -c 'ulimit -s unlimited && exec "$0"' %t.fixed 2>&1 | FileCheck %s
// RUN: %exits 66 %run setarch --addr-compat-layout %t.fixed 2>&1 | FileCheck %s
// RUN: %exits 66 %run setarch -R --addr-compat-layout %t.fixed 2>&1 | FileCheck %s
// RUN: %exits 66 %run /lib64/ld-linux-x86-64.so.2 %t 2>&1 | FileCheck %s --check-prefix=LOADER
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: main runs
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'counter'
// LOADER: main runs
// LOADER: WARNING: FiberSan: data race
// LOADER: precision: exact
