// Every size of access that the language has, each racing with one byte of it.
// -DFIXED lets the byte be the one behind.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdint>
#include <cstdio>

#include "../turn.h"

using Wide = int __attribute__((vector_size(64)));

template <typename T>
struct Padded {
  T value;
  alignas(64) char behind;
};

Padded<std::uint8_t> one;
Padded<std::uint16_t> two;
Padded<std::uint32_t> four;
Padded<std::uint64_t> eight;
Padded<unsigned __int128> sixteen;
Padded<Wide> sixty_four;
Turn turn;

template <typename T>
void write_last_byte(Padded<T>& padded) {
#ifdef FIXED
  padded.behind = 1;
#else
  reinterpret_cast<char*>(&padded.value)[sizeof(T) - 1] = 1;
#endif
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] {
      one.value = 1, two.value = 1, four.value = 1, eight.value = 1, sixteen.value = 1;
      sixty_four.value = Wide{};
      turn.done();
    });
    both.go([] {
      turn.after(1);
      write_last_byte(one);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 1 at
      write_last_byte(two);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 2 at
      write_last_byte(four);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 4 at
      write_last_byte(eight);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 8 at
      write_last_byte(sixteen);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 16 at
      write_last_byte(sixty_four);
      // CHECK: WARNING: FiberSan: data race
      // CHECK: Previous write of size 64 at
    });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 6 warnings; precision: exact
// FIXED: done
