// The compiler may not invent accesses that the program does not make: behind `&&`, `||`
// and `?:` nothing is read that another fiber owns, nor at the end of a loop's last round what the
// next round would begin with.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

struct Slot {
  bool taken;
  int value;
};
Slot slots[2];
Turn turn;

[[gnu::noinline]] bool both(const Slot* slot) { return slot->taken && slot->value > 0; }
[[gnu::noinline]] bool either(const Slot* slot) { return !slot->taken || slot->value > 0; }
[[gnu::noinline]] int choose(const Slot* slot) { return slot->taken ? slot->value : 0; }
[[gnu::noinline]] int sum_taken(const Slot* slot, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i)
    if (slot[i].taken) sum += slot[i].value;
  return sum;
}

int counter;

// Who is told that the last round is over owns the counter.
[[gnu::noinline]] void count(int rounds, int last, fiber::Channel<int>& is_over) {
  for (int i = 0; i < rounds; ++i) {
    counter ^= i;
    if (i == last) is_over.send(i);
  }
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup two;
    two.go([] { slots[0].value = 1, slots[1].value = 2, turn.done(); });
    two.go([] {
      turn.after(1);
      const int sum = both(&slots[0]) + either(&slots[0]) + choose(&slots[0]);
      std::printf("%d %d\n", sum, sum_taken(slots, 2));
    });
    two.wait();
    fiber::Channel<int> is_over(1);
    two.go([&] { count(4, 3, is_over); });
    two.go([&] { is_over.receive(), counter = 0; });
    two.wait();
  });
}
// CHECK: 1 0
