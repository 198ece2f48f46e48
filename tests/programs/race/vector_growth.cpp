// One fiber appends to a std::vector while another looks at its size.
// -DFIXED guards both with a RwMutex.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "../turn.h"

std::vector<int> numbers;
fiber::RwMutex mutex;
Turn turn;

std::size_t early() {
#ifdef FIXED
  std::shared_lock lock(mutex);
#endif
  return numbers.size();
}

void late() {
#ifdef FIXED
  std::scoped_lock lock(mutex);
#endif
  numbers.push_back(1);
  // Where the elements begin and where they end: size() reads both.
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Location is global 'numbers' of size 24
  // CHECK: SUMMARY: FiberSan: data race {{.*}}vector_growth.cpp:[[@LINE-4]]:{{[0-9]+}} in late()
  // CHECK: WARNING: FiberSan: data race
  // CHECK: Location is global 'numbers' of size 24
  // CHECK: SUMMARY: FiberSan: data race {{.*}}vector_growth.cpp:[[@LINE-7]]:{{[0-9]+}} in late()
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { std::printf("%zu numbers\n", early()), turn.done(); });
    both.go([] { turn.after(1), late(); });
    both.wait();
  });
}
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: 0 numbers
