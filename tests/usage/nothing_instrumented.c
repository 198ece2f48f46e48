// A run in which no function is instrumented proves nothing, so it fails and says what to do;
// one instrumented module, a library opened late, is enough. Who opts all functions out means it.
//
// RUN: clang-19 -O1 -g -c %s -o %t.o && %fibersan_c %t.o -o %t
// RUN: %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=exitcode=3 %exits 3 %run %t quick 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=exitcode=0 %run %t 2>&1 | FileCheck %s
// RUN: env FIBERSAN_OPTIONS=allow_uninstrumented=1 %run %t 2>&1 | FileCheck %s --check-prefix=ALLOWED --implicit-check-not=FiberSan
// RUN: %fibersan_c -shared -fPIC -DLIBRARY %s -o %t.so
// RUN: %run %t %t.so 2>&1 | FileCheck %s --check-prefix=ALLOWED --implicit-check-not=FiberSan
// RUN: %fibersan_c -mllvm -fibersan-ignore-all %s -o %t.ignored && %run %t.ignored 2>&1 | FileCheck %s --check-prefix=ALLOWED --implicit-check-not=FiberSan
//
// CHECK: main runs
// CHECK: FiberSan: error: nothing was checked, because no function of this program is instrumented: say --config=fibersan.cfg when compiling, not only when linking (if it is meant: FIBERSAN_OPTIONS=allow_uninstrumented=1)
// CHECK-NEXT: FiberSan: reported 0 warnings; precision: exact
// ALLOWED: main runs
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef LIBRARY
int in_library(int* number) { return ++*number; }
#else
int main(int argc, char** argv) {
  fprintf(stderr, "main runs\n");
  if (argc < 2) return 0;
  if (strcmp(argv[1], "quick") == 0) _exit(0);
  return dlopen(argv[1], RTLD_NOW) == NULL;
}
#endif
