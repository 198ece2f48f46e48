// run() on a std::thread: what main did before the thread and does after the join is ordered
// with its fibers. With -DRACY main works beside the thread: a race with its fibers.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=precision
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=precision
// RUN: %fibersan -DRACY %s -o %t.racy && %exits 66 %run %t.racy > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=RACY < %t.out
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
    of_fibers += 0;
  });
#ifdef RACY
  of_main = 1;
#endif
  thread.join();
  return status;
}

int main() {
  of_main = 1;
  shared = {1, 2, 3};
  int status = run_there(1);
  // After a run on a thread: main itself, a run of its own, another one on a thread.
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
// RACY: WARNING: FiberSan: data race
// RACY-DAG: by main thread
// RACY-DAG: by fiber {{1|2}}
// RACY: Location is global 'of_main'
// RACY: Fiber {{1|2}} ({{.*}}) created by {{thread|fiber}} 1
