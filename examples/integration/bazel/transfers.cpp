// Two fibers that add to one number; -DFIXED makes it an atomic.
#include <fiber/run.h>
#include <fiber/wait_group.h>

#include <atomic>
#include <cstdio>

int main() {
  return fiber::run([] {
#ifdef FIXED
    std::atomic<int> total = 0;
#else
    int total = 0;
#endif
    fiber::WaitGroup fibers;
    for (int i = 0; i < 2; ++i) fibers.go([&] { total += 1; });
    fibers.wait();
    std::printf("total %d\n", static_cast<int>(total));
  });
}
