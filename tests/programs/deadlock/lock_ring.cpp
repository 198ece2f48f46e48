// Fibers that wait for each other in a ring are reported when the last of them blocks, while the
// program goes on: each with what it waits for and where it took what the one before waits for.
// -DFIXED takes the same locks in one order.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t mutexes 2>&1 | FileCheck %s --check-prefixes=CHECK,MUTEXES --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t mutexes 2>&1 | FileCheck %s --check-prefixes=CHECK,MUTEXES --implicit-check-not=WARNING
// RUN: %exits 66 %run %t three 2>&1 | FileCheck %s --check-prefixes=CHECK,THREE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t join 2>&1 | FileCheck %s --check-prefixes=CHECK,JOIN --implicit-check-not=WARNING
// RUN: %exits 66 %run %t readers 2>&1 | FileCheck %s --check-prefixes=CHECK,READERS --implicit-check-not=WARNING
// RUN: %exits 66 %run %t once 2>&1 | FileCheck %s --check-prefixes=CHECK,ONCE --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "../turn.h"

fiber::Mutex locks[3];
fiber::RwMutex shared[2];
fiber::Once onces[2];
Turn turn;

void meet([[maybe_unused]] int others) {
  turn.done();
#ifndef FIXED
  turn.after(others);
#endif
}

void ring_of_mutexes(int count) {
  for (int i = 0; i < count; ++i) {
    fiber::go(fiber::FiberOptions{.name = "taker"}, [i, count] {
#ifdef FIXED
      std::scoped_lock first(locks[i == count - 1 ? 0 : i]);
      meet(count);
      std::scoped_lock second(locks[i == count - 1 ? i : i + 1]);
#else
      std::scoped_lock first(locks[i]);
      meet(count);
      std::scoped_lock second(locks[(i + 1) % count]);
#endif
    });
  }
}
// MUTEXES: WARNING: FiberSan: partial deadlock
// MUTEXES: Fiber [[#A:]] 'taker' waits: mutex lock on mutex 0x[[#%x,LB:]]{{.*}}, held by fiber [[#B:]] 'taker' (mutexes: write M[[#MA:]])
// MUTEXES: lock_ring.cpp:[[@LINE-7]]
// MUTEXES: Fiber [[#B]] 'taker' waits: mutex lock on mutex 0x[[#%x,LA:]]{{.*}}, held by fiber [[#A]] 'taker' (mutexes: write M[[#MB:]])
// MUTEXES: Mutex M[[#MA]] (0x{{0*}}[[#%x,LA]]){{.*}} acquired by fiber [[#A]] 'taker' at:
// MUTEXES: lock_ring.cpp:[[@LINE-12]]
// MUTEXES: Mutex M[[#MB]] (0x{{0*}}[[#%x,LB]]){{.*}} acquired by fiber [[#B]] 'taker' at:
// MUTEXES: [fiber [[#A]] 'taker' waits for fiber [[#B]] 'taker', which waits for fiber [[#A]] 'taker']
// THREE: WARNING: FiberSan: partial deadlock
// THREE-COUNT-3: 'taker' waits: mutex lock
// THREE-COUNT-3: acquired by fiber

// One joins the other, which waits for the mutex that the first one holds.
void ring_with_join() {
  fiber::go(fiber::FiberOptions{.name = "joiner"}, [] {
    std::unique_lock hold(locks[0]);
    auto child = fiber::spawn(fiber::FiberOptions{.name = "child"}, [] {
      turn.done();
      std::scoped_lock wait(locks[0]);
    });
#ifdef FIXED
    hold.unlock();
#endif
    child.join();
  });
}
// JOIN: WARNING: FiberSan: partial deadlock
// JOIN-DAG: 'joiner' waits: join on fiber
// JOIN-DAG: 'child' waits: mutex lock on mutex {{.*}}, held by fiber {{[0-9]+}} 'joiner'

// Two readers of one lock each want to write the other's.
void ring_of_readers() {
  for (int i = 0; i < 2; ++i) {
    fiber::go(fiber::FiberOptions{.name = "reader"}, [i] {
      std::shared_lock first(shared[i]);
      meet(2);
#ifdef FIXED
      first.unlock();
#endif
      std::scoped_lock second(shared[1 - i]);
    });
  }
}
// READERS: WARNING: FiberSan: partial deadlock
// READERS: Fiber [[#A:]] 'reader' waits: rwmutex lock on rwmutex {{.*}}, held by fiber [[#B:]] 'reader' (mutexes: read M
// READERS: Fiber [[#B]] 'reader' waits: rwmutex lock on rwmutex {{.*}}, held by fiber [[#A]] 'reader' (mutexes: read M

// Each runs one once-function, which needs the other.
void ring_of_onces() {
  for (int i = 0; i < 2; ++i) {
    fiber::go(fiber::FiberOptions{.name = "caller"}, [i] {
      onces[i].call([i] {
        meet(2);
#ifndef FIXED
        onces[1 - i].call([] {});
#endif
      });
    });
  }
}
// ONCE: WARNING: FiberSan: partial deadlock
// ONCE-COUNT-2: 'caller' waits: once on once

int main(int argc, char** argv) {
  const char* which = argc > 1 ? argv[1] : "all";
  const auto wanted = [&](const char* name) {
    return std::strcmp(which, "all") == 0 || std::strcmp(which, name) == 0;
  };
  return fiber::run([&] {
    if (wanted("mutexes")) ring_of_mutexes(2);
    if (wanted("three")) ring_of_mutexes(3);
    if (wanted("join")) ring_with_join();
    if (wanted("readers")) ring_of_readers();
    if (wanted("once")) ring_of_onces();
#ifdef FIXED
    while (fiber::stats().fibers_live > 1) fiber::yield();
#else
    while (fiber::stats().parks < (wanted("three") ? 3U : 2U)) fiber::yield();
#endif
    std::puts("main goes on");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: main goes on
