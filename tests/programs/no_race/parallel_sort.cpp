// Divide and conquer: halves sorted by fibers, in place, joined before they are merged.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

using Iterator = std::vector<int>::iterator;

void sort(Iterator begin, Iterator end) {
  if (end - begin < 500) {
    std::sort(begin, end);
    return;
  }
  const Iterator middle = begin + (end - begin) / 2;
  auto left = fiber::spawn([=] { sort(begin, middle); });
  sort(middle, end);
  left.join();
  std::inplace_merge(begin, middle, end);
}

int main() {
  return fiber::run([] {
    std::mt19937 random(1);
    std::vector<int> numbers(20'003);
    for (int& number : numbers) number = static_cast<int>(random() % 1000);
    sort(numbers.begin(), numbers.end());
    std::printf("sorted: %d\n", std::is_sorted(numbers.begin(), numbers.end()));
  });
}
// CHECK: sorted: 1
