// A random number generator whose state is thread_local: what recomputing its address costs.
#include <cstdint>
#include <cstdio>

namespace {

thread_local uint64_t state = 88172645463325252ull;

uint64_t next() {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

}  // namespace

int main() {
  uint64_t sum = 0;
  for (int i = 0; i < 100'000'000; ++i) sum += next() >> 60;
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
