// Spaces in the user's paths, in the program's and in the prefix's: config files, compile
// line, report and symbolizer all take them.
//
// RUN: rm -rf %t && mkdir -p %t/"a program" && cp %s %t/"a program"/main.cpp
// RUN: %fibersan -I %S %t/"a program"/main.cpp -o %t/"a program"/main
// RUN: %exits 66 %run %t/"a program"/main 2>&1 | FileCheck %s
// RUN: cmake --install %build --prefix %t/"a prefix" > %t/install.log
// RUN: clang++-19 --config=%t/"a prefix"/fibersan.cfg -O1 -g -I %S %s -o %t/main
// RUN: %exits 66 %run %t/main 2>&1 | FileCheck %s
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: WARNING: FiberSan: data race
// CHECK: #0 {{.*}}racy.h:{{[0-9]+}}
// CHECK: FiberSan: reported 1 warnings
