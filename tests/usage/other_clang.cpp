// A compiler of another LLVM version says so in one sentence instead of a crash or a page
// of missing symbols.
//
// REQUIRES: a-clang-other-than-19
// RUN: not %other_clang --config %build/fibersan.cfg -c %s -o %t.o 2>&1 | FileCheck %s
// RUN: not %other_clang -fpass-plugin=%build/lib/fibersan-instrument.so -c %s -o %t.o 2>&1 | FileCheck %s
// RUN: not %other_clang -fpass-plugin=%build/lib/fibersan-instrument.so -c %s -o %t.o 2>&1 | grep -c . | FileCheck %s --check-prefix=LINES
int main() { return 0; }

// CHECK: fibersan-instrument.so: built for LLVM 19 but loaded by LLVM {{[0-9]+}}; compile with clang++-19
// CHECK-NOT: PLEASE submit
// CHECK-NOT: undefined symbol
// LINES: {{^[12]$}}
