// What main does before run happens before all fibers; what they did happens before
// what follows run, also when they were never joined.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int before, within, after;
Turn turn;

int main() {
  before = 1;
  const int status = fiber::run([] {
    std::printf("before %d\n", before);
    fiber::go([] {
      within = before + 1;
      turn.done();
    });
    turn.after(1);
  });
  after = within + 1;
  std::printf("within %d, after %d\n", within, after);
  before = 2;
  within = 2;
  return status + fiber::run([] {
           fiber::spawn([] { before = within = 3; }).join();
           return before - 3;
         });
}
// CHECK: before 1
// CHECK: within 2, after 3
