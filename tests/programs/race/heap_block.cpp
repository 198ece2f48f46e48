// The location of a race in a heap block: its size, who allocated it and where, even
// when the racing address is in its middle. -DFIXED gives each fiber a block.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "../turn.h"

Turn turn;

[[gnu::noinline]] long* allocate() { return static_cast<long*>(std::malloc(5 * sizeof(long))); }

int main() {
  return fiber::run([] {
    auto allocator = fiber::spawn(fiber::FiberOptions{.name = "allocator"}, allocate);
    long* block = allocator.join();
    fiber::WaitGroup both;
    both.go([=] { block[3] = 1, turn.done(); });
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Write of size 8 at 0x[[#%x,RACY:]] by fiber
    // CHECK: Previous write of size 8 at 0x[[#RACY]] by fiber
    // CHECK-NEXT: #0 {{.*}}heap_block.cpp:[[@LINE-4]]
    // CHECK: Location is heap block of size 40 at 0x[[#RACY-24]] allocated by fiber 2 'allocator':
    // CHECK: allocate() {{.*}}heap_block.cpp:[[@LINE-13]]
#ifdef FIXED
    auto other = std::make_unique<long[]>(5);
    both.go([&] { turn.after(1), other[3] = 2; });
#else
    both.go([=] { turn.after(1), block[3] = 2; });
#endif
    both.wait();
    std::free(block);
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
