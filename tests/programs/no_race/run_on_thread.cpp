// run() on a std::thread. That the thread begins and ends is not seen yet, so what main does
// and what those fibers do is never called a race, and the thread is counted as not checked.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan %s -o %t && env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <thread>
#include <vector>

int of_main, of_fibers;
std::vector<int> shared;

int run_there(int rounds) {
  int status = 1;
  std::thread thread([&] {
    status = fiber::run([rounds] {
      of_fibers += of_main;
      shared.push_back(rounds);
      fiber::WaitGroup group;
      group.go([] { of_fibers += of_main; });
      group.wait();
    });
  });
  thread.join();
  return status;
}

int main() {
  of_main = 1;
  shared = {1, 2, 3};
  int status = run_there(1);
  // After a foreign run: main itself, a run of its own, another foreign one.
  std::printf("fibers %d\n", of_fibers);
  of_fibers += 1;
  shared.push_back(4);
  status += fiber::run([] {
    shared.push_back(5);
    of_fibers += of_main;
  });
  of_main = 2;
  status += run_there(2);
  std::printf("fibers %d, size %zu\n", of_fibers, shared.size());
  shared.clear();
  return status;
}
// CHECK-DAG: fibers 2
// CHECK-DAG: fibers 8, size 7
// CHECK-DAG: FiberSan: reported 0 warnings; precision: {{.*}}foreign threads not checked
