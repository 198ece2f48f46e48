// Look-ups in a table with open addressing: short probe loops of unknown length.
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  constexpr uint32_t kSize = 1 << 16;
  std::vector<uint32_t> keys(kSize), values(kSize);
  auto place = [&](uint32_t key) {
    uint32_t at = key * 2654435769u >> 16;
    while (keys[at] != 0 && keys[at] != key) at = (at + 1) % kSize;
    return at;
  };
  uint32_t state = 1;
  for (int i = 0; i < 40'000; ++i) {
    state = state * 1664525u + 1013904223u;
    keys[place(state | 1)] = state | 1;
  }
  for (int i = 0; i < 40'000'000; ++i) {
    state = state * 1664525u + 1013904223u;
    values[place((state >> 8) | 1)] += 1;
  }
  uint64_t total = 0;
  for (uint32_t i = 0; i < kSize; ++i) total += values[i] * uint64_t{i};
  std::printf("%llu\n", static_cast<unsigned long long>(total));
}
