// A finding changes the exit status and nothing else: what the program wrote through
// stdio and iostream before its end is not lost, whatever main returned.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t > %t.out 2> %t.err
// RUN: FileCheck %s --input-file=%t.out --check-prefix=OUT
// RUN: FileCheck %s --input-file=%t.err --implicit-check-not=hello
// RUN: %exits 7 env FIBERSAN_OPTIONS=exitcode=0 %run %t
// RUN: %exits 3 env FIBERSAN_OPTIONS=exitcode=3 %run %t
#include <fiber/fiber.h>

#include <cstdio>
#include <iostream>

#include "../turn.h"

int value;
Turn turn;

struct AtExit {
  ~AtExit() { std::printf("hello from a destructor\n"); }
} at_exit;

int main() {
  std::printf("hello from stdio\n");
  std::cout << "hello from iostream\n";
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { value = 1, turn.done(); });
    both.go([] { turn.after(1), value = 2; });
    both.wait();
    return 7;
  });
}
// OUT-DAG: hello from stdio
// OUT-DAG: hello from iostream
// OUT: hello from a destructor
// CHECK: WARNING: FiberSan: data race
// CHECK: FiberSan: reported 1 warnings; precision: exact
