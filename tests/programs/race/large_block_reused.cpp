// A large block that the C library keeps for the next allocation, instead of unmapping it: a use
// after the free that nothing orders is found. -DFIXED allocates it anew and finds the same place.
//
// RUN: %fibersan %s -o %t && not %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>
#include <malloc.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../turn.h"

constexpr std::size_t kSize = std::size_t{1} << 20;

std::atomic<char*> place;
Turn turn;

void use(char* block) {
  block[kSize / 2 + 100] = 2;
  // CHECK: WARNING: FiberSan: heap-use-after-free race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber
  // CHECK-NEXT: #0 use(char*) {{.*}}large_block_reused.cpp:[[@LINE-3]]
}

void release(char* block) {
  std::free(block);
  // CHECK: Previous free of size 1048576 at 0x{{[0-9a-f]+}} by fiber
}

int main() {
  mallopt(M_MMAP_THRESHOLD, 4 * kSize);  // which grows to that by itself with the first such free
  char* const block = static_cast<char*>(std::malloc(kSize));
  void* const keeps_the_heap_large = std::malloc(64);
  place = block;
  fiber::run([] {
    fiber::WaitGroup both;
    both.go([] {
      char* const mine = place.load(std::memory_order_relaxed);
      std::memset(mine, 1, kSize);
      release(mine);
      turn.done();
    });
    both.go([] {
      char* mine = place.load(std::memory_order_relaxed);
      turn.after(1);
#ifdef FIXED
      char* const again = static_cast<char*>(std::malloc(kSize));
      if (again != mine) std::puts("not the same place");
      mine = again;
#endif
      use(mine);
    });
    both.wait();
  });
  std::free(keeps_the_heap_large);
  std::puts("done");
}
// FIXED-NOT: not the same
// FIXED: done
