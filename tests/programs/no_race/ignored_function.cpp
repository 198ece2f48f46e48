// FIBERSAN_IGNORE takes a function's own accesses out of the check; what it orders counts, and
// what it calls is checked. The same through the ignore list, and without either a race.
//
// RUN: %fibersan -DIGNORE=FIBERSAN_IGNORE %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: echo 'fun:*write*' > %t.txt && echo 'fun:*publish*' >> %t.txt
// RUN: %fibersan -mllvm -fibersan-ignorelist=%t.txt %s -o %t.list && %run %t.list 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan %s -o %t.racy && not %run %t.racy 2>&1 | FileCheck %s --check-prefix=RACE
#include <fiber/annotations.h>
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../turn.h"

#ifndef IGNORE
#define IGNORE
#endif

int value;
int message;
std::atomic<bool> is_published;
Turn turn;

IGNORE void write() { value = 1; }

IGNORE void publish() { is_published.store(true, std::memory_order_release); }

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { write(), message = 1, publish(), turn.done(); });
    both.go([] {
      turn.after(1), write();
      if (is_published.load(std::memory_order_acquire)) std::printf("message %d\n", message);
    });
    both.wait();
    std::puts("done");
  });
}
// CHECK: message 1
// CHECK: done
// RACE: WARNING: FiberSan: data race
// RACE: in write()
