// A packed field begins in one 8-byte granule and ends in the next; both ends are seen.
// -DFIXED touches the bytes beside the field.
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

struct [[gnu::packed]] Packet {
  char header[5];
  std::uint64_t length;
  char footer[3];
};
alignas(16) Packet packet;
Turn turn;

char* bytes() { return reinterpret_cast<char*>(&packet); }

void early() { packet.length = 1; }

#ifdef FIXED
constexpr int kLow = 4, kHigh = 13;
#else
constexpr int kLow = 5, kHigh = 12;
#endif

void late() {
  bytes()[kLow] = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x[[#%x,LOW:]] by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}unaligned.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 8 at 0x[[#LOW]] by fiber
  bytes()[kHigh] = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x[[#LOW+7]] by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}unaligned.cpp:[[@LINE-3]]
  // CHECK: Previous write of size 8 at 0x[[#LOW]] by fiber
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { early(), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
