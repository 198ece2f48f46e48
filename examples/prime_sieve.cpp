// prime_sieve [COUNT]: prints the first primes with a chain of filters, one fiber for
// each prime, joined by unbuffered channels.
// The closure of a filter refers to the loop's variable, which the next round
// overwrites: a data race, and wrong primes. -DFIXED copies it into the closure.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 8 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 8 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>

using Numbers = fiber::Channel<int>;

void generate(Numbers out) {
  for (int n = 2;; ++n) out.send(n);
}

void filter(Numbers in, Numbers out, const int& prime) {
  for (int n : in) {
    const bool divisible = n % prime == 0;
    // CHECK: WARNING: FiberSan: data race
    // CHECK-DAG: {{Read|Previous read}} of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
    // CHECK-DAG: #0 filter({{.*}}prime_sieve.cpp:[[@LINE-3]]
    if (!divisible) out.send(n);
  }
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 10;
  // Outlives the run: at its end the filters are left behind, and what they wait for is still
  // there.
  Numbers candidates;
  return fiber::run([&] {
    fiber::go(generate, candidates);
    int prime = 0;
    for (int i = 0; i < count; ++i) {
      prime = *candidates.receive();
      // CHECK-DAG: {{Write|Previous write}} of size 4 at 0x{{[0-9a-f]+}} by fiber 1:
      // CHECK-DAG: #0 {{.*}}prime_sieve.cpp:[[@LINE-2]]
      std::printf("%d\n", prime);
      Numbers rest;
#ifdef FIXED
      fiber::go([candidates, rest, prime] { filter(candidates, rest, prime); });
#else
      fiber::go([candidates, rest, &prime] { filter(candidates, rest, prime); });
#endif
      candidates = rest;
    }
  });
}
// CHECK: Location is stack of fiber 1
// CHECK: SUMMARY: FiberSan: data race {{.*}}prime_sieve.cpp
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: {{^}}2{{$}}
// FIXED-NEXT: {{^}}3{{$}}
// FIXED-NEXT: {{^}}5{{$}}
// FIXED-NEXT: {{^}}7{{$}}
// FIXED-NEXT: {{^}}11{{$}}
// FIXED-NEXT: {{^}}13{{$}}
// FIXED-NEXT: {{^}}17{{$}}
// FIXED-NEXT: {{^}}19{{$}}
