// A finding that is symbolized later is the same one: its fingerprint, its stacks and its summary
// are as if the process had done it. Races for a global variable and a heap block in an inlined
// function, a call of the C library, locks taken in two orders.
//
// RUN: rm -rf %t.d && mkdir %t.d && %fibersan %s -o %t.d/app
// DEFINE: %{run} = env FIBER_OPTIONS=procs=1:seed=1 %exits 0 %run %t.d/app
// RUN: env FIBERSAN_OPTIONS=exitcode=0:format=json:log_path='"'%t.d/now'"' %{run}
// RUN: env FIBERSAN_OPTIONS=exitcode=0:symbolize=0:format=json:log_path='"'%t.d/later'"' %{run}
// RUN: not %command diff %t.d/now %t.d/later | FileCheck %s --check-prefix=DIFFERENT
// RUN: %command symbolize -o %t.d/symbolized %t.d/later && %command diff %t.d/now %t.d/symbolized | FileCheck %s
// RUN: grep -o '"fingerprint":"[0-9a-f]*"' %t.d/symbolized | sort -u | count 4
// RUN: %command report %t.d/now > %t.d/now.txt && %command report %t.d/symbolized > %t.d/symbolized.txt
// RUN: grep -h "^ *#\|^SUMMARY" %t.d/now.txt > %t.d/now.stacks
// RUN: grep -h "^ *#\|^SUMMARY" %t.d/symbolized.txt | diff %t.d/now.stacks -
//
// DIFFERENT: 4 gone, {{.*}} new, 0 in both
// CHECK: 0 gone, 0 new, 4 in both
#include <fiber/fiber.h>

#include <cstring>
#include <memory>
#include <mutex>

int number;
char text[64];
inline __attribute__((always_inline)) void add(int& to) { ++to; }

int main() {
  auto block = std::make_unique<int>(0);
  return fiber::run([&] {
    fiber::Mutex a, b;
    fiber::WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.go([] { add(number); });
      group.go([&] { add(*block); });
      group.go([&, i] {
        std::scoped_lock first(i == 0 ? a : b);
        std::scoped_lock second(i == 0 ? b : a);
      });
      group.go([i] { std::memset(text, i, sizeof text); });
    }
    group.wait();
  });
}
