// FIBERSAN_IGNORE takes a function's own accesses out of the check, not what it calls.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/annotations.h>
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

FIBERSAN_IGNORE void write() { value = 1; }

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { write(), turn.done(); });
    both.go([] { turn.after(1), write(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: done
