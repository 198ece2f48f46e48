// Allocation: blocks of mixed sizes live for a while in a ring, each written and read once.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main() {
  constexpr unsigned kLive = 4096;
  static unsigned char* of_callers[16][kLive];
  static std::atomic<unsigned> callers{0};  // compare --threads
  unsigned char** const live = of_callers[callers++ % 16];
  uint32_t random = 1;
  uint64_t sum = 0;
  for (unsigned i = 0; i < 6'000'000; ++i) {
    random = random * 1664525 + 1013904223;
    unsigned char*& block = live[(random >> 8) % kLive];
    if (block != nullptr) sum += block[0];
    std::free(block);
    block = static_cast<unsigned char*>(std::malloc(16 + (random >> 20) % 240));
    block[0] = static_cast<unsigned char>(i);
  }
  for (unsigned i = 0; i < kLive; ++i) std::free(live[i]);
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
