// Randomisation at the kernel's maximum: 32 bits of pages put the executable, the libraries
// and the stack anywhere in tens of terabytes. Each run draws a new layout.
//
// REQUIRES: permission-to-set-vm.mmap_rnd_bits
// RUN: %fibersan %s -o %t
// RUN: env FIBERSAN_OPTIONS=symbolize=0 %Inputs/at_maximum_randomisation 20 66 %t 2>&1 | FileCheck %s
// RUN: %fibersan -no-pie %s -o %t.fixed
// RUN: env FIBERSAN_OPTIONS=symbolize=0 %Inputs/at_maximum_randomisation 20 66 %t.fixed 2>&1 | FileCheck %s
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK-COUNT-20: WARNING: FiberSan: data race
// CHECK: 20 runs ended with status 66
