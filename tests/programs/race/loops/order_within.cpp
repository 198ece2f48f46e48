// Loops in which the fiber releases or acquires: a check that moved out of them would lose a race,
// or invent one. The first loop writes again after it released, the second reads what it acquired.
// -DFIXED waits after each step.
//
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../../turn.h"

int shared_value, items[2];
std::atomic<int> sent, seen;
Turn turn;

// The second write happens after the release that the reader knows.
// CHECK: WARNING: FiberSan: data race
// CHECK: Write of size 4
// CHECK: #0 write_twice(
// CHECK: Previous read of size 4
__attribute__((noinline)) void write_twice(int* p) {
  for (int i = 0; i < 2; ++i) {
    *p = i;
    sent.store(i + 1, std::memory_order_release);
    while (seen.load(std::memory_order_relaxed) == i) fiber::yield();
#ifdef FIXED
    seen.load(std::memory_order_acquire);
#endif
  }
}
// Each item is there when it is read.
__attribute__((noinline)) int read_items(const int* items, int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) {
    while (sent.load(std::memory_order_acquire) <= i) fiber::yield();
    total += items[i];
  }
  return total;
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { write_twice(&shared_value); });
    both.go([] {
      while (sent.load(std::memory_order_acquire) < 1) fiber::yield();
      std::printf("read %d\n", shared_value);
      seen.fetch_add(1, std::memory_order_release);
      while (sent.load(std::memory_order_relaxed) < 2) fiber::yield();
      seen.fetch_add(1, std::memory_order_release);
    });
    both.wait();
    sent = 0;
    both.go([] { items[0] = 1, sent.fetch_add(1), items[1] = 1, sent.fetch_add(1); });
    both.go([] { std::printf("total %d\n", read_items(items, 2)); });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 0
// FIXED: total 2
