// Splits text into words and sums their hashes: byte loops that end at a value, not at a count.
#include <cstdint>
#include <cstdio>
#include <string>

int main() {
  std::string text;
  uint32_t state = 1;
  while (text.size() < 4'000'000) {
    state = state * 1664525u + 1013904223u;
    text.append(1 + (state >> 29), static_cast<char>('a' + (state >> 24) % 26));
    text += ' ';
  }
  uint64_t total = 0;
  for (int round = 0; round < 20; ++round) {
    for (const char* at = text.c_str(); *at != 0;) {
      while (*at == ' ') ++at;
      uint64_t hash = 5381;
      while (*at != ' ' && *at != 0) hash = hash * 33 + static_cast<unsigned char>(*at++);
      total ^= hash + static_cast<uint64_t>(round);
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(total));
}
