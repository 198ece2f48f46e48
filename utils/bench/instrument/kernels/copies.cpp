// Ranges: memcpy, memmove and memset of sizes from 8 bytes to 64 KiB.
#include <cstdio>
#include <cstring>
#include <vector>

int main() {
  std::vector<unsigned char> from(1 << 17), to(1 << 17);
  unsigned long sum = 0;
  for (int round = 0; round < 20000; ++round) {
    for (size_t size = 8; size <= 65536; size *= 2) {
      std::memset(&from[size], round, size);
      std::memcpy(&to[0], &from[size], size);
      std::memmove(&to[size / 2], &to[0], size);
      sum += to[size];
    }
  }
  std::printf("%lu\n", sum);
}
