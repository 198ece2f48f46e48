// A misspelt option of either variable names the nearest one and ends the process with
// status 1 before main; so does a value that does not fit.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 1 env FIBERSAN_OPTIONS=halt_on_eror=1 %t 2>&1 | FileCheck %s --check-prefix=DETECTOR --implicit-check-not="main runs"
// RUN: %exits 1 env FIBER_OPTIONS=prox=2 %t 2>&1 | FileCheck %s --check-prefix=RUNTIME --implicit-check-not="main runs"
// RUN: %exits 1 env FIBERSAN_OPTIONS=exitcode=many %t 2>&1 | FileCheck %s --check-prefix=VALUE --implicit-check-not="main runs"
// RUN: %exits 1 env FIBERSAN_OPTIONS=exitcode %t 2>&1 | FileCheck %s --check-prefix=NOTHING --implicit-check-not="main runs"
//
// The plain build has the runtime's options and does not look at the detector's.
// RUN: %fiber %s -o %t.plain
// RUN: %exits 1 env FIBER_OPTIONS=prox=2 %t.plain 2>&1 | FileCheck %s --check-prefix=RUNTIME --implicit-check-not="main runs"
// RUN: env FIBERSAN_OPTIONS=halt_on_eror=1 %t.plain | FileCheck %s --check-prefix=PLAIN
#include "racy.h"

int main() { return run_racy_program(); }

// DETECTOR: unknown option 'halt_on_eror' in FIBERSAN_OPTIONS; did you mean 'halt_on_error'?
// RUNTIME: unknown option 'prox' in FIBER_OPTIONS; did you mean 'procs'?
// VALUE: unusable value 'many' for option 'exitcode' in FIBERSAN_OPTIONS
// NOTHING: option 'exitcode' in FIBERSAN_OPTIONS has no value
// PLAIN: main runs
