// A CMake project takes code out of the check by an ignore list, by a property of a target and by
// one of a source. A changed list compiles again; a missing one is said when configuring.
//
// RUN: rm -rf %t && cp -r %S/Inputs/cmake_opt_outs %t && cp %s %S/racy.h %t
// RUN: echo 'src:*/racy.h' > %t/"ignored functions.txt"
// RUN: cmake -G Ninja -S %t -B %t/build -DFiberSan_DIR=%build/lib/cmake/FiberSan -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_CXX_FLAGS="-O1 -g -I%S" > %t/configure.log
// RUN: ninja -C %t/build > %t/build.log
// RUN: %run %t/build/by_list 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t/build/by_target 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t/build/by_source 2>&1 | FileCheck %s --implicit-check-not=WARNING
//
// RUN: echo 'src:*/quiet.h' > %t/"ignored functions.txt" && ninja -C %t/build by_list > %t/build.log
// RUN: %exits 66 %run %t/build/by_list 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: rm %t/"ignored functions.txt"
// RUN: not cmake -S %t -B %t/build 2>&1 | FileCheck %s --check-prefix=MISSING
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: main runs
// RACE: WARNING: FiberSan: data race
// MISSING: fibersan_instrument(by_list IGNORELIST): there is no file
