// 2048 races, each between two chains of calls of its own, with almost a million other
// accesses between the two of each pair: every report has both stacks, the right ones.
// With three million the reports come without the older stack and say so; with a quarter of
// a million accesses that each have a chain of calls of their own both are there again.
// Each processor has a history of its own: with one all three million go through the same.
// -DFIXED joins the first fiber.
//
// RUN: %fibersan -O1 %s -o %t && %exits 66 %run %t 990000 0 2>&1 | %python %S/Inputs/both_stacks.py | FileCheck %s
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 3000000 0 2>&1 | %python %S/Inputs/both_stacks.py | FileCheck %s --check-prefix=LOST
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 FIBERSAN_OPTIONS=history_size=6 %run %t 3000000 0 2>&1 | %python %S/Inputs/both_stacks.py | FileCheck %s
// RUN: %exits 66 %run %t 0 18 2>&1 | %python %S/Inputs/both_stacks.py | FileCheck %s
// RUN: %fibersan -O1 -DFIXED %s -o %t.fixed && %run %t.fixed 1000 9 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>

#include "../turn.h"

constexpr unsigned kLevels = 11;

int slots[1 << kLevels];
Turn turn;

[[gnu::noinline]] void even(int* where, unsigned path, unsigned levels);
[[gnu::noinline]] void odd(int* where, unsigned path, unsigned levels);

// A chain of calls for each path. The store after the call keeps the frame.
void step(int* where, unsigned path, unsigned levels) {
  if (levels == 0) {
    *where = 1;
    return;
  }
  if ((path & 1) != 0) {
    odd(where, path >> 1, levels - 1);
  } else {
    even(where, path >> 1, levels - 1);
  }
  asm volatile("" ::: "memory");
}
void even(int* where, unsigned path, unsigned levels) { step(where, path, levels); }
void odd(int* where, unsigned path, unsigned levels) { step(where, path, levels); }

void all_slots() {
  for (unsigned i = 0; i < 1 << kLevels; ++i) step(&slots[i], i, kLevels);
}

int main(int, char** arguments) {
  const long plain = std::atol(arguments[1]);
  const auto levels = static_cast<unsigned>(std::atol(arguments[2]));
  // Not initialised: that would be one access, and cover the ones to come.
  long* between = new long[static_cast<size_t>(plain) + (1u << levels)];
  const int status = fiber::run([=] {
    fiber::WaitGroup first, last;
    first.go(fiber::FiberOptions{.name = "early"}, [] { all_slots(), turn.done(); });
#ifdef FIXED
    first.wait();
#endif
    last.go([=] {
      turn.after(1);
      for (long i = 0; i < plain; ++i) const_cast<volatile long&>(between[i]) = i;
      for (unsigned i = 0; i < 1u << levels; ++i)
        step(reinterpret_cast<int*>(&between[plain + i]), i, levels);
      turn.done();
    });
    last.go([] { turn.after(2), all_slots(); });
    last.wait();
    first.wait();
    std::puts("done");
  });
  delete[] between;
  return status;
}
// CHECK: 2048 reports, 2048 with both stacks, 0 with different paths, 0 without a word
// LOST: 2048 reports, 0 with both stacks, 0 with different paths, 0 without a word
// FIXED: done
