// Stored reports get functions and lines, inlined ones too, from the program that they name or from
// a copy of it elsewhere; what is not there stays as it was.
//
// RUN: rm -rf %t && mkdir -p %t/moved && cd %t && clang-19 -O1 -g %s -o app
// RUN: %python %S/Inputs/unsymbolized.py app outer > report.json && %command symbolize report.json -o better.json 2> errors
// RUN: %command report better.json | FileCheck %s && FileCheck %s --check-prefix=ERRORS < errors
// RUN: mv app moved && %command symbolize --search moved report.json 2> errors | diff - better.json
// RUN: %command symbolize report.json 2>&1 >out | FileCheck %s --check-prefixes=MISSING,ERRORS && %command report out | FileCheck %s --check-prefix=AS_IT_WAS
// RUN: %exits 2 %command symbolize --symbolizer %t/none --search moved report.json 2>&1 | FileCheck %s --check-prefix=NONE
//
// CHECK: #0 inner {{.*}}symbolize.c:20:{{[0-9]+}} (app+0x
// CHECK-NEXT: #1 outer {{.*}}symbolize.c:22:{{[0-9]+}} (app+0x
// CHECK-NEXT: #2 (libelsewhere.so+0x10)
// CHECK: SUMMARY: FiberSan: data race {{.*}}symbolize.c:20:{{[0-9]+}} in inner
// MISSING: fibersan: there is no 'app': its frames stay as they are; name its folder with --search
// ERRORS: fibersan: there is no 'libelsewhere.so'
// AS_IT_WAS: #0 (app+0x
// NONE: fibersan: cannot run '{{.*}}none': No such file or directory; install the Debian package llvm-19, or name one with --symbolizer
// clang-format off
static __attribute__((always_inline)) void inner(volatile int* place) { *place = 1; }

__attribute__((noinline)) void outer(volatile int* place) { inner(place); }
int main(void) {
  int place = 0;
  outer(&place);
  return place - 1;
}
