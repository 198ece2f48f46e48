// Without llvm-symbolizer a report still says where: module and offset, and one line that
// names the package. symbolize=0 is the same by wish, without that line.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 env FIBERSAN_OPTIONS=external_symbolizer_path=/nonexistent %run %t 2>&1 | FileCheck %s
// RUN: %exits 66 env FIBERSAN_OPTIONS=external_symbolizer_path=/nonexistent %run %t 2>&1 | grep -c "llvm-19" | FileCheck %s --check-prefix=ONCE
// RUN: %exits 66 env FIBERSAN_OPTIONS=symbolize=0 %run %t 2>&1 | FileCheck %s --check-prefix=OFF --implicit-check-not=llvm-19
// RUN: %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=WITH
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK-DAG: {{.*}}llvm-symbolizer{{.*}}llvm-19
// CHECK-DAG: WARNING: FiberSan: data race
// CHECK-DAG: #0 {{.*}}no_symbolizer.cpp.tmp+0x{{[0-9a-f]+}}
// CHECK: FiberSan: reported 1 warnings
// ONCE: {{^1$}}
// OFF: WARNING: FiberSan: data race
// OFF: #0 {{.*}}no_symbolizer.cpp.tmp+0x{{[0-9a-f]+}}
// WITH: #0 {{.*}}racy.h:{{[0-9]+}}:{{[0-9]+}} ({{.*}}no_symbolizer.cpp.tmp+0x{{[0-9a-f]+}})
