// Atomics of 16 bytes, of odd sizes and unaligned ones go through libatomic; they order
// all the same and keep their values. The mutexes of libatomic are nobody's: so many objects are
// spread so wide that some share a lock of the detector's with the mutex that theirs is under.
//
// RUN: %fibersan -mcx16 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <vector>

struct Pair {
  long first, second;
};
struct Odd {
  char bytes[24];
};

struct alignas(512) Spread {
  std::atomic<Odd> odd{Odd{}};
};

void use_spread_ones() {
  std::vector<Spread> spread(16384);
  int seen = 0;
  for (Spread& one : spread) {
    one.odd.store(Odd{{7}});
    seen += one.odd.load().bytes[0];
  }
  std::printf("spread %d\n", seen);
}

int main() {
  return fiber::run([] {
    use_spread_ones();
    std::atomic<Pair> pair{Pair{0, 0}};
    std::atomic<Odd> odd{Odd{}};
    int before_pair = 0, before_odd = 0;
    fiber::WaitGroup both;
    both.go([&] {
      before_pair = 1;
      pair.store(Pair{3, 4});
      before_odd = 2;
      Odd value{};
      value.bytes[23] = 5;
      odd.store(value);
    });
    both.go([&] {
      Pair seen = pair.load();
      for (; seen.second != 4; seen = pair.load()) fiber::yield();
      std::printf("pair %ld %ld after %d\n", seen.first, seen.second, before_pair);
      while (odd.load().bytes[23] != 5) fiber::yield();
      std::printf("odd after %d\n", before_odd);
    });
    both.wait();
  });
}
// CHECK: spread 114688
// CHECK: pair 3 4 after 1
// CHECK: odd after 2
