// One memset over a buffer of which one fiber wrote two parts, neighbours, in two functions, with
// no release in between: it races with both, and both pairs are reported. -DFIXED waits for it.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>

#include "../turn.h"

long words[32];
volatile std::size_t size = sizeof words;
Turn turn;

[[gnu::noinline]] void write_front() { words[4] = 1; }
[[gnu::noinline]] void write_back() { words[5] = 1; }

void clear() {
  std::memset(words, 0, size);
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Write of size 256 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: clear() {{.*}}range_meets_two_places.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 8
  // CHECK-NEXT: #0 write_{{front|back}}()
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Write of size 256 at 0x{{[0-9a-f]+}} by fiber 1:
  // CHECK: Previous write of size 8
  // CHECK-NEXT: #0 write_{{front|back}}()
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup writer;
    writer.go([] { write_front(), write_back(), turn.done(); });
#ifdef FIXED
    writer.wait();
#endif
    turn.after(1);
    clear();
    writer.wait();
    std::printf("%ld\n", words[4] + words[5]);
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: {{^}}0{{$}}
