// help=1 prints the table of the variable it is given in, and exits 0 before main.
//
// RUN: %fibersan %s -o %t
// RUN: env FIBERSAN_OPTIONS=help=1 %t 2>&1 | FileCheck %s --check-prefix=DETECTOR --implicit-check-not="main runs"
// RUN: env FIBER_OPTIONS=help=1 %t 2>&1 | FileCheck %s --check-prefix=RUNTIME --implicit-check-not="main runs"
#include "racy.h"

int main() { return run_racy_program(); }

// DETECTOR: Options of FIBERSAN_OPTIONS
// DETECTOR: halt_on_error {{.*}}(default: 0)
// DETECTOR: exitcode {{.*}}(default: 66)
// RUNTIME: Options of FIBER_OPTIONS
// RUNTIME: procs
// RUNTIME: seed
