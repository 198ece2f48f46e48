// What takes longer than an option allows is a finding: a blocking call that fiber::blocking was
// not told of, a fiber that computes on and on, a lock that is held, a fiber that others keep from
// running. Without the option, in fiber::blocking, and for functions on the list: silence.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=DONE --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=blocking_ms=50:unyielding_ms=60000:lock_held_ms=60000:runnable_ms=60000 %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=BLOCK --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=blocking_ms=50:blocking_allowed=other+sleep_in_system %run %t 2>&1 | FileCheck %s --check-prefix=DONE --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=preempt_ms=0 FIBERSAN_OPTIONS=unyielding_ms=50 %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=YIELD --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=lock_held_ms=200 %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=HELD --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1:preempt_ms=0 FIBERSAN_OPTIONS=runnable_ms=100 %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=RUNNABLE
#include <fiber/fiber.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <mutex>

using namespace std::chrono_literals;

void sleep_in_system() {
  timespec time = {0, 300'000'000};
  nanosleep(&time, nullptr);
}

double cpu_seconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// With preempt_ms=0 nobody asks it to yield at its polls, as in a library without polls.
__attribute__((noinline)) unsigned compute_alone() {
  unsigned sum = 0;
  const double end = cpu_seconds() + 0.3;
  while (cpu_seconds() < end)
    for (volatile unsigned i = 0; i < 1000; i = i + 1) sum += i;
  return sum;
}

int main() {
  return fiber::run([] {
    fiber::Mutex mutex;
    sleep_in_system();
    fiber::blocking(sleep_in_system);
    {
      std::scoped_lock lock(mutex);
      fiber::sleep_for(300ms);
    }
    auto other = fiber::spawn(fiber::FiberOptions{.name = "other"}, [] {});
    std::printf("done %d\n", compute_alone() != 1);
    other.join();
  });
}
// DONE: done 1
// BLOCK: WARNING: FiberSan: blocking call in a fiber
// BLOCK: by fiber 1:
// BLOCK: sleep_in_system{{.*}}slow.cpp
// BLOCK: [for {{[0-9]+}} ms]
// BLOCK: reported 1 warnings
// YIELD: WARNING: FiberSan: fiber does not yield
// YIELD: by fiber 1:
// YIELD: slow.cpp:
// YIELD: [for {{[0-9]+}} ms]
// HELD: WARNING: FiberSan: lock held for long
// HELD: Operation on mutex 0x{{[0-9a-f]+}} by fiber 1:
// HELD: slow.cpp:
// HELD: Locked by fiber 1 at:
// HELD: slow.cpp:
// HELD: [for {{[0-9]+}} ms]
// HELD: reported 1 warnings
// RUNNABLE: WARNING: FiberSan: fiber waited long for a processor
// RUNNABLE: by fiber 2 'other'
