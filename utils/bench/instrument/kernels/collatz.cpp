// Collatz sequences: a loop of a few instructions that is no count.
#include <cstdint>
#include <cstdio>

int main() {
  uint64_t longest = 0;
  for (uint64_t start = 1; start < 1'500'000; ++start) {
    uint64_t steps = 0;
    for (uint64_t n = start; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    if (steps > longest) longest = steps;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(longest));
}
