// Buffers handed round through a channel of capacity C. The k-th receive happens before
// the (k+C)-th send, so C+2 buffers are enough (-DFIXED): when the producer takes one
// again, the consumer's next receive is known. With C+1 it is not: a race.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

constexpr int kCapacity = 4, kItems = 1000;
#ifdef FIXED
constexpr int kBuffers = kCapacity + 2;
#else
constexpr int kBuffers = kCapacity + 1;
#endif

struct Token {};

int main() {
  return fiber::run([] {
    int ring[kBuffers] = {};
    fiber::Channel<Token> filled(kCapacity);
    auto consumer = fiber::spawn([&ring, filled] {
      long sum = 0;
      for (int k = 0; k < kItems; ++k) {
        filled.receive();
        sum += ring[k % kBuffers];
        // CHECK: WARNING: FiberSan: data race
        // CHECK-DAG: {{Read|Previous read}} of size 4 at 0x{{[0-9a-f]+}} by fiber 2:
        // CHECK-DAG: #0 {{.*}}channel_ring.cpp:[[@LINE-3]]
      }
      return sum;
    });
    for (int k = 0; k < kItems; ++k) {
      ring[k % kBuffers] = k;
      // CHECK-DAG: {{Write|Previous write}} of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
      // CHECK-DAG: #0 {{.*}}channel_ring.cpp:[[@LINE-2]]
      filled.send(Token{});
    }
    std::printf("sum %ld\n", consumer.join());
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: sum 499500
