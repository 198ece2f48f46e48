// Neighbours in one granule, each written by a fiber of its own: shorts, bytes, the two
// ints of a long. Several thousand times, so that every place in the cell is tried.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdint>
#include <cstdio>

union Granule {
  std::uint8_t bytes[8];
  std::uint16_t shorts[4];
  std::uint32_t ints[2];
};

template <typename T, std::size_t N>
void write_each(T (&elements)[N]) {
  fiber::WaitGroup writers;
  for (T& element : elements)
    writers.go([&element] {
      for (int i = 0; i < 1000; ++i) {
        *const_cast<volatile T*>(&element) = static_cast<T>(i);
        if (i % 100 == 0) fiber::yield();
      }
    });
  writers.wait();
}

int main() {
  return fiber::run([] {
    Granule granule{};
    write_each(granule.bytes);
    write_each(granule.shorts);
    write_each(granule.ints);
    std::printf("%u %u\n", granule.ints[0], granule.ints[1]);
  });
}
// CHECK: 999 999
