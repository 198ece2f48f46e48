// Three fibers that move money round in a circle.
#include "bank.h"

#include <fiber/run.h>
#include <fiber/wait_group.h>

#include <cstdio>

void count_transfer();

int main() {
  return fiber::run([] {
    Bank bank;
    fiber::WaitGroup fibers;
    for (int i = 0; i < 3; ++i) {
      fibers.go([&, i] {
        bank.transfer(i, (i + 1) % 3, 10);
        count_transfer();
      });
    }
    fibers.wait();
    std::printf("total %d\n", bank.total());
  });
}
