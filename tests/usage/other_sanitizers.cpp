// Sanitizers that find what FiberSan does not find run together with it: undefined, and what
// only adds checks of its own. Those that own memory, as FiberSan does, are refused by name.
//
// RUN: %fibersan -fsanitize=undefined %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -fsanitize=undefined -DFIXED %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
//
// RUN: not %fibersan -fsanitize=address -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=REFUSED -DOPTION=-fsanitize=address
// RUN: not %fibersan -fsanitize=thread -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=REFUSED -DOPTION=-fsanitize=thread
// RUN: not %fibersan -fsanitize=memory -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=REFUSED -DOPTION=-fsanitize=memory
// RUN: not %fibersan -fsanitize=hwaddress -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=REFUSED -DOPTION=-fsanitize=hwaddress
// RUN: not %fibersan_c -fsanitize=dataflow -c %S/c_program.c -o %t.o 2>&1 | FileCheck %s --check-prefix=REFUSED -DOPTION=-fsanitize=dataflow
// REFUSED: error: FiberSan and [[OPTION]] cannot be in one program: build one with --config=fibersan.cfg and another with [[OPTION]]
//
// RUN: not %fibersan -fsanitize=safe-stack -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=STACK -DOPTION=-fsanitize=safe-stack
// RUN: not %fiber -fsplit-stack -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=STACK -DOPTION=-fsplit-stack
// STACK: error: fibers have stacks of their own: leave out [[OPTION]]
//
// These leave no trace in the code, or are given when linking alone: the program says so.
// RUN: %fibersan -fsanitize=leak %s -o %t && not %run %t 2>&1 | FileCheck %s --check-prefix=LINKED -DOPTION=-fsanitize=leak
// RUN: %fibersan -c %s -o %t.o && %fibersan -fsanitize=thread %t.o -o %t && not %run %t 2>&1 | FileCheck %s --check-prefix=LINKED -DOPTION=-fsanitize=thread
// RUN: %fibersan -fsanitize=address %t.o -o %t && not %run %t 2>&1 | FileCheck %s --check-prefix=LINKED -DOPTION=-fsanitize=address
// LINKED: FiberSan: [[OPTION]] is in this program, too: build one with --config=fibersan.cfg and another with [[OPTION]]
#include <cstdio>
#include <thread>

int shared = 0x7fffffff;

int main() {
  std::thread other([] { ++shared; });
#ifdef FIXED
  other.join();
#endif
  ++shared;
  if (other.joinable()) other.join();
  std::puts("done");
}
// CHECK: WARNING: FiberSan: data race
// CHECK: reported {{[0-9]+}} warnings
// FIXED: runtime error: signed integer overflow
// FIXED: done
