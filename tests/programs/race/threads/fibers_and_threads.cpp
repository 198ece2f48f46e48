// Fibers and OS threads race with each other, and what orders threads orders fibers: create and
// join, std::mutex, a condition variable, a semaphore. Without: the edge is left out.
//
// RUN: %fibersan -std=c++20 %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t without > %t.out 2>&1
// RUN: FileCheck %s < %t.out
// RUN: FileCheck %s --check-prefix=NAMES < %t.out
#include <fiber/fiber.h>
#include <pthread.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "gate.h"

bool without = false;
int of_create, of_join, of_mutex, of_condition, of_main, of_parked;

void fiber_makes_threads() {
  if (!without) of_create = 1;
  std::thread created([] {
    pthread_setname_np(pthread_self(), "maker");
    of_create += 1;
  });
  if (without) of_create = 1;
  created.join();

  Gate gate;
  std::thread joined([&] {
    of_join = 1;
    gate.open();
  });
  gate.wait();
  if (without) of_join = 2;
  joined.join();
  if (!without) of_join = 2;
}

void fiber_and_thread_share() {
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
  Gate gate;
  std::thread thread([&] {
    std::unique_lock lock(mutex);
    of_mutex = 1;
    of_condition = 1;
    ready = true;
    condition.notify_one();
    lock.unlock();
    gate.open();
  });
  fiber::blocking([&] { gate.wait(); });
  if (!without) {
    std::unique_lock lock(mutex);
    of_mutex = 2;
    condition.wait(lock, [&] { return ready; });
    of_condition = 2;
  } else {
    of_mutex = 2;
    of_condition = 2;
  }
  thread.join();
}

// The set of locks is the fiber's, wherever it runs and whatever else runs there.
void fibers_share_a_std_mutex() {
  static std::mutex mutex;
  fiber::WaitGroup group;
  Gate gate;
  group.go([&] {
    mutex.lock();
    of_parked = 1;
    fiber::yield();
    of_parked = 2;
    mutex.unlock();
    gate.open();
  });
  group.go([&] {
    fiber::blocking([&] { gate.wait(); });
    if (!without) mutex.lock();
    of_parked = 3;
    if (!without) mutex.unlock();
  });
  group.wait();
}

int main(int argc, char**) {
  without = argc > 1;
  Gate run_ends;
  std::thread beside([&] {
    of_main = 1;
    run_ends.open();
  });
  const int status = fiber::run([&] {
    fiber_makes_threads();
    fiber_and_thread_share();
    fibers_share_a_std_mutex();
  });
  run_ends.wait();
  if (without) of_main = 2;
  beside.join();
  std::printf("%d %d\n", of_create + of_join, of_condition + of_parked);
  return status;
}
// ORDERED: 4 5
// NAMES: WARNING: FiberSan: data race
// NAMES-DAG: by thread {{[0-9]+}} 'maker'
// NAMES-DAG: by fiber 1
// NAMES: Location is global 'of_create'
// NAMES: Thread {{[0-9]+}} 'maker' ({{.*}}) created by fiber 1 at:
// NAMES: fiber_makes_threads() {{.*}}fibers_and_threads.cpp:
// NAMES: of size 4 at {{.*}} by thread {{[0-9]+}} (mutexes: write M1):
// NAMES: Location is global 'of_mutex'

// CHECK-DAG: Location is global 'of_create'
// CHECK-DAG: Location is global 'of_join'
// CHECK-DAG: Location is global 'of_mutex'
// CHECK-DAG: Location is global 'of_condition'
// CHECK-DAG: Location is global 'of_parked'
// CHECK-DAG: Location is global 'of_main'
// CHECK: precision: exact
