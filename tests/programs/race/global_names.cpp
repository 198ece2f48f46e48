// The location of a race in a global: its name, with namespace and class, and its size.
// -DFIXED has thread-confined copies: each fiber its own.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

namespace shop {
struct Stock {
  static int apples[3];
};
int Stock::apples[3];
}  // namespace shop

static long pears;
Turn turn;

void buy(int* apples, long* pears, int number) {
  apples[2] = number;
  *pears = number;
  turn.done();
}
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'shop::Stock::apples' of size 12 at 0x{{[0-9a-f]+}} {{.*}}global_names
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'pears' of size 8 at 0x{{[0-9a-f]+}} {{.*}}global_names

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { buy(shop::Stock::apples, &pears, 3); });
    both.go([] {
      turn.after(1);
#ifdef FIXED
      int own_apples[3];
      long own_pears;
      buy(own_apples, &own_pears, 4);
#else
      buy(shop::Stock::apples, &pears, 4);
#endif
    });
    both.wait();
    std::printf("%ld pears\n", pears);
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: 3 pears
