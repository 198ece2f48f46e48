// The allocator hands a freed block to another fiber. What the first owner did with it
// is no race with what the second does: allocation begins a new life.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../turn.h"

Turn turn;

void own_a_block(int fill) {
  for (int i = 0; i < 100; ++i) {
    char* block = static_cast<char*>(std::malloc(64));
    std::memset(block, fill, 64);
    block = static_cast<char*>(std::realloc(block, 640));
    block[639] = 1;
    std::free(block);
    delete new std::string(100, 'x');
    if (i % 10 == 0) fiber::yield();
  }
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup owners;
    for (int i = 0; i < 20; ++i) owners.go(own_a_block, i);
    owners.wait();
    // One block by name: freed by one fiber, taken by the next, nothing in between.
    std::uintptr_t first = 0, second = 0;
    fiber::WaitGroup two;
    two.go([&] {
      int* block = new int(1);
      first = reinterpret_cast<std::uintptr_t>(block);
      delete block;
      turn.done();
    });
    two.go([&] {
      turn.after(1);
      int* block = new int(2);
      second = reinterpret_cast<std::uintptr_t>(block);
      delete block;
    });
    two.wait();
    std::printf("done\n");
  });
}
// CHECK: done
