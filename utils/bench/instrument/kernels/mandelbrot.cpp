// Escape times: a floating-point loop with two ways out.
#include <cstdio>

int main() {
  constexpr int kSize = 500, kMost = 400;
  long total = 0;
  for (int y = 0; y < kSize; ++y)
    for (int x = 0; x < kSize; ++x) {
      double a = 0, b = 0, ca = 3.0 * x / kSize - 2, cb = 2.0 * y / kSize - 1;
      int i = 0;
      while (i < kMost && a * a + b * b < 4) {
        double next = a * a - b * b + ca;
        b = 2 * a * b + cb;
        a = next;
        ++i;
      }
      total += i;
    }
  std::printf("%ld\n", total);
}
