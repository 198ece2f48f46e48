// One memset over a buffer of which one fiber wrote two parts, neighbours, in two functions, with
// no release in between: it races with both, and both pairs are reported. So do one line that
// writes the bytes of one cell in turn, and one access of all of them. -DFIXED waits for it.
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

union Parts {
  unsigned short parts[8];
  unsigned long cells[2];
};
Parts both;
[[gnu::noinline]] void write_part(int i) { both.parts[i] = 1; }
[[gnu::noinline]] void write_parts() {
  write_part(0);
  write_part(1);
  write_part(4);
  write_part(7);
}

[[gnu::noinline]] void clear_part(int i) { both.parts[i] = 0; }
void clear_parts() {
  for (int i = 0; i < 2; ++i) clear_part(i);
  // CHECK: WARNING: FiberSan: data race
  // CHECK: #0 clear_part(int)
  // CHECK: Previous write of size 2
  // CHECK: write_parts() {{.*}}range_meets_two_places.cpp:[[@LINE-12]]
  // CHECK: WARNING: FiberSan: data race
  // CHECK: #0 clear_part(int)
  // CHECK: Previous write of size 2
  // CHECK: write_parts() {{.*}}range_meets_two_places.cpp:[[@LINE-15]]
}
void clear_cell() {
  both.cells[1] = 0;
  // CHECK: WARNING: FiberSan: data race
  // CHECK: #0 clear_cell()
  // CHECK: Previous write of size 2
  // CHECK: write_parts() {{.*}}range_meets_two_places.cpp:{{[0-9]+}}
  // CHECK: WARNING: FiberSan: data race
  // CHECK: #0 clear_cell()
  // CHECK: Previous write of size 2
  // CHECK: write_parts() {{.*}}range_meets_two_places.cpp:{{[0-9]+}}
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup writer;
    writer.go([] { write_front(), write_back(), write_parts(), turn.done(); });
#ifdef FIXED
    writer.wait();
#endif
    turn.after(1);
    clear();
    clear_parts();
    clear_cell();
    writer.wait();
    std::printf("%ld\n", words[4] + words[5]);
  });
}
// CHECK: FiberSan: reported 6 warnings; precision: exact
// FIXED: {{^}}0{{$}}
