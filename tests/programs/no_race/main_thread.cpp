// What main does before run happens before all fibers; what they did happens before
// what follows run, also when they were never joined: here main, alone, and what it starts.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

constexpr int kFibers = 8;
int before, within[kFibers], after;
Turn turn;

int sum_of_within() {
  int sum = 0;
  for (const int each : within) sum += each;
  return sum;
}

int main() {
  before = 1;
  const int status = fiber::run([] {
    std::printf("before %d\n", before);
    for (int& mine : within) {
      fiber::go([&mine] {
        mine = before + 1;
        turn.done();
        turn.after(kFibers);  // none goes on where another one ended
        turn.done();
      });
    }
    turn.after(2 * kFibers);
  });
  after = sum_of_within();
  std::printf("after %d\n", after);
  before = 2;
  return status + fiber::run([] {
           fiber::spawn([] { before = sum_of_within(); }).join();
           return before - after;
         });
}
// CHECK: before 1
// CHECK: after 16
