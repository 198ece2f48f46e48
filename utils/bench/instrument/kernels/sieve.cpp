// Sieve of Eratosthenes over bytes: strided one-byte stores.
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  constexpr size_t kLimit = 20'000'000;
  std::vector<uint8_t> composite(kLimit + 1);
  for (size_t i = 2; i * i <= kLimit; ++i)
    if (!composite[i])
      for (size_t j = i * i; j <= kLimit; j += i) composite[j] = 1;
  size_t primes = 0;
  for (size_t i = 2; i <= kLimit; ++i) primes += !composite[i];
  std::printf("%zu\n", primes);
}
