// Neighbouring rows of a matrix written by different fibers with wide accesses, whose
// ends share granules: no access reaches beyond its row.
//
// RUN: %fibersan -O3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -mavx2 -O3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <vector>

constexpr int kRows = 37, kColumns = 101;

int main() {
  return fiber::run([] {
    std::vector<float> a(kRows * kColumns, 1), b(kRows * kColumns, 2), c(kRows * kColumns);
    std::vector<char> flags(kRows * kColumns);
    for (int round = 0; round < 3; ++round) {
      fiber::WaitGroup rows;
      for (int row = 0; row < kRows; ++row)
        rows.go([&, row] {
          for (int i = row * kColumns; i < (row + 1) * kColumns; ++i) {
            c[i] += a[i] * b[i];
            flags[i] = 1;
          }
        });
      rows.wait();
    }
    float sum = 0;
    for (float element : c) sum += element;
    std::printf("%.0f\n", sum);
  });
}
// CHECK: 22422
