// A run without findings prints nothing of its own, so that outputs can be compared;
// summary=always adds the last line.
//
// RUN: %fibersan %s -o %t && %run %t > %t.checked 2>&1
// RUN: %fiber %s -o %t.plain && %run %t.plain > %t.expected 2>&1
// RUN: cmp %t.expected %t.checked
// RUN: env FIBERSAN_OPTIONS=summary=always %run %t 2>&1 | FileCheck %s
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> numbers;
    fiber::go([numbers] {
      for (int i = 0; i < 3; ++i) numbers.send(i);
      numbers.close();
    });
    for (int n : numbers) std::printf("%d\n", n);
  });
}
// CHECK: FiberSan: reported 0 warnings; precision: exact
