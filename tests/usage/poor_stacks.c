// Flags that take from reports, not from the finding: without debug information frames have names
// and no lines; without frame pointers callers are missing, not invented.
//
// RUN: %fibersan_c -O1 -g0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,NAMES
// RUN: %fibersan_c -O1 -g -fomit-frame-pointer -momit-leaf-frame-pointer %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,LINES
#include <pthread.h>

int shared;

__attribute__((noinline)) void write_it(void) {
  ++shared;
  __asm__ volatile("");
}
__attribute__((noinline)) void* outer(void* unused) {
  write_it();
  return unused;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], 0, outer, 0);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], 0);
}
// CHECK: WARNING: FiberSan: data race
// NAMES: #0 write_it ({{.*}})
// NAMES-NEXT: #1 outer ({{.*}})
// LINES: #0 write_it {{.*}}poor_stacks.c:11:{{[0-9]+}} (
// LINES-NOT: #{{[0-9]+}} main
// LINES: Previous write
// CHECK: Location is global 'shared'
// CHECK: reported 1 warnings
