// What the program chooses not to read another fiber writes: the other of two variables, the sum
// that no element is added to, elements under a condition, an argument, the rest of a string.
// -DRACY chooses them.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 -march=x86-64-v3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DRACY %s -o %t.racy && %exits 66 %run %t.racy 2>&1 | FileCheck %s --check-prefix=RACY
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

#ifdef RACY
volatile int wanted = 1;
#else
volatile int wanted = 0;
#endif
int kept, one, sum, passed, other_passed;
int mask[48], elements[48];
char word[8];
Turn turn;

[[gnu::noinline]] int one_of_two(int which) { return *(which ? &one : &kept); }

[[gnu::noinline]] void add_positive(const int* element, int count) {
  for (int i = 0; i < count; ++i)
    if (element[i] > 0) sum += element[i];
}

[[gnu::noinline]] int masked_sum() {
  int total = 0;
  for (int i = 0; i < 48; ++i)
    if (mask[i] > 0) total += elements[i];
  return total;
}

[[gnu::noinline]] static int argument(const int* place, int is_read) {
  return is_read ? *place : 3;
}

[[gnu::noinline]] bool is_word() { return std::strcmp(word, "abcdef") == 0; }

int main() {
  return fiber::run([] {
    fiber::WaitGroup two;
    const int is_wanted = wanted;
    for (int& m : mask) m = is_wanted;
    if (is_wanted) std::memcpy(word, "abcde", 5);
    two.go([=] {
      const int chosen = one_of_two(is_wanted);
      add_positive(mask, 4);
      const int total = masked_sum();
      const int read = argument(&passed, is_wanted) + argument(&other_passed, is_wanted);
      std::printf("%d %d %d %d\n", chosen, total, read, is_word());
      turn.done();
    });
    two.go([] {
      turn.after(1);
      one = sum = passed = other_passed = elements[1] = 1;
      word[4] = 'e';
    });
    two.wait();
  });
}
// CHECK: 0 0 6 0

// RACY-COUNT-6: WARNING: FiberSan: data race
// RACY-NOT: WARNING
