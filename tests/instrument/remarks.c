// -Rpass=fibersan names the rule that left a check out, -Rpass-missed=fibersan the accesses
// that are checked, each at its line; the record of optimisations has both.
//
// RUN: %fibersan_c -O1 -Rpass=fibersan -Rpass-missed=fibersan -c %s -o %t.o 2> %t.remarks
// RUN: FileCheck %s --input-file=%t.remarks --implicit-check-not=remark:
// RUN: %fibersan_c -O1 -Rpass-analysis=fibersan -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=IGNORED
// RUN: %fibersan_c -O1 -g -fsave-optimization-record -foptimization-record-file=%t.yaml -c %s -o %t.o 2>&1 | count 0
// RUN: FileCheck %s --check-prefix=RECORD --input-file=%t.yaml

__thread int of_thread;

int twice(volatile int* counter) {
  // CHECK: remarks.c:[[#@LINE+2]]:{{[0-9]+}}: remark: read of size 4 needs no check of its own (repeated): an equal or stronger check came before, with no release between the two [-Rpass=fibersan]
  // RECORD: --- !Passed{{([[:space:]].*)*}}Name: {{ *}}repeated{{[[:space:]].*}}Line: [[#@LINE+1]]
  return *counter + *counter;
  // CHECK: remarks.c:[[#@LINE-1]]:{{[0-9]+}}: remark: read of size 4 is checked ({{inline|call}}) [-Rpass-missed=fibersan]
}

void own(int value) {
  of_thread = value;
  // CHECK: remarks.c:[[#@LINE-1]]:{{[0-9]+}}: remark: write of size 4 needs no check of its own (thread-local): {{.*}} [-Rpass=fibersan]
}

void fill(char* text, unsigned long size) {
  __builtin_memset(text, 'x', size);
  // CHECK: remarks.c:[[#@LINE-1]]:{{[0-9]+}}: remark: memset is checked (range) [-Rpass-missed=fibersan]
}

__attribute__((disable_sanitizer_instrumentation)) void ignored(int* x) { *x = 1; }
// CHECK: remarks.c:[[#@LINE-1]]:{{[0-9]+}}: remark: write of size 4 needs no check of its own (ignored)
// IGNORED: remarks.c:[[#@LINE-2]]:{{[0-9]+}}: remark: accesses of 'ignored' are not checked: FIBERSAN_IGNORE [-Rpass-analysis=fibersan]
