// CRC-32 by table: a counted loop of one load after the other.
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  std::array<uint32_t, 256> table;
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
    table[i] = value;
  }
  std::vector<uint8_t> bytes(1 << 20);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 31);
  uint32_t crc = ~0u;
  for (int round = 0; round < 150; ++round)
    for (uint8_t byte : bytes) crc = crc >> 8 ^ table[(crc ^ byte) & 255];
  std::printf("%08x\n", ~crc);
}
