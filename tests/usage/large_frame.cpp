// A frame larger than the guard below a stack cannot jump over it: the config files have the
// compiler touch large frames page by page. Without that the first write lands in another stack.
//
// RUN: %fiber -O0 %s -o %t && not --crash %run %t 2>&1 | FileCheck %s
// RUN: %fiber -O2 -DDYNAMIC %s -o %t && not --crash %run %t 2>&1 | FileCheck %s
// RUN: %fibersan %s -o %t && not --crash %run %t 2>&1 | FileCheck %s
// RUN: %fiber -fno-stack-clash-protection %s -o %t && %run %t
#include <fiber/fiber.h>

#include <alloca.h>

#include <cstddef>

__attribute__((noinline)) int fill([[maybe_unused]] size_t size) {
#ifdef DYNAMIC
  auto* frame = static_cast<volatile char*>(alloca(size));
#else
  volatile char frame[200'000];
#endif
  asm volatile("" : : "r"(frame) : "memory");  // all of it is needed
  frame[0] = 1;
  return frame[0];
}

int main() {
  return fiber::run([] {
    // Neighbours that stay, so that the memory below is theirs.
    fiber::Channel<int> end;
    fiber::WaitGroup neighbours;
    for (int i = 0; i < 15; ++i)
      neighbours.go(fiber::FiberOptions{"", 65536}, [&end] { end.receive(); });
    fiber::spawn(fiber::FiberOptions{"wide", 65536}, [] { fill(200'000); }).join();
    end.close();
    neighbours.wait();
  });
}
// CHECK: fatal error: stack overflow in fiber {{[0-9]+}} 'wide': its stack has 65536 bytes; raise it with FIBER_OPTIONS=stack_size=131072 or FiberOptions::stack_size
