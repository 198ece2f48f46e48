// Instrumented objects need the detector. Forgetting the config file when linking, or giving
// the other one, is a link error whose text says what to do.
//
// RUN: %fibersan -c %s -o %t.o
// RUN: not clang++-19 %t.o -o %t 2>&1 | FileCheck %s
// RUN: not %fiber %t.o -o %t 2>&1 | FileCheck %s
// RUN: not clang++-19 -fuse-ld=lld %t.o -o %t 2>&1 | FileCheck %s
// RUN: %fibersan %t.o -o %t
int shared = 0;

int main() { return shared; }

// CHECK: FiberSan is not linked in: link with the same --config=fibersan.cfg
