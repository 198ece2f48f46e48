// Fibers that are still blocked when main's function returns, though something could have woken
// them: found with detect_leaks=1, grouped by where they were created and wait. Those that sleep,
// wait with a time-out, were woken or stay on purpose are no leaks; nor are those that nobody can
// wake any more, which are partial deadlocks with and without the option.
// -DFIXED closes the channel and waits until all have ended.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=detect_leaks=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=detect_leaks=1 FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=OFF --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBERSAN_OPTIONS=detect_leaks=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
//
// The leaks, not the partial deadlock, are suppressed by either stack.
// RUN: echo 'leak:wait_for_work' > %t.by_stack && %exits 66 env FIBERSAN_OPTIONS=detect_leaks=1:print_suppressions=1:suppressions='"'%t.by_stack'"' %run %t 2>&1 | FileCheck %s --check-prefixes=OFF,MATCHED --implicit-check-not=WARNING
// RUN: echo 'leak:^start_workers' > %t.by_creation && %exits 66 env FIBERSAN_OPTIONS=detect_leaks=1:suppressions='"'%t.by_creation'"' %run %t 2>&1 | FileCheck %s --check-prefix=OFF --implicit-check-not=WARNING
// RUN: echo 'deadlock:lose_a_channel' > %t.deadlock && %exits 66 env FIBERSAN_OPTIONS=detect_leaks=1:suppressions='"'%t.deadlock'"' %run %t 2>&1 | FileCheck %s --check-prefix=LEAK --implicit-check-not=WARNING
// RUN: printf 'leak:leaks_of_run.cpp\ndeadlock:leaks_of_run.cpp\n' > %t.all && env FIBERSAN_OPTIONS=detect_leaks=1:suppressions='"'%t.all'"' %run %t 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "../../found.h"

using std::chrono::seconds;

fiber::Channel<int> work;  // a global: whoever runs can reach it
std::atomic<int> begun{0};

__attribute__((noinline)) void wait_for_work() {
  begun.fetch_add(1);
  while (work.receive()) {
  }
  begun.fetch_sub(1);
}

__attribute__((noinline)) void start_workers() {
  for (int i = 0; i < 3; ++i) fiber::go(fiber::FiberOptions{.name = "worker"}, wait_for_work);
}

__attribute__((noinline)) void lose_a_channel() {
  fiber::go([] {
    // So large that nothing was there before: an old pointer to that would keep it reachable.
    fiber::Channel<int> nobodys(5000);
    begun.fetch_add(1);
    nobodys.receive();
  });
}

// One of each fiber: a sleeper, one with a time-out, one that stays on purpose, three workers and
// the one that has lost its channel.
constexpr uint64_t kParks = 7;

int main() {
  return fiber::run([] {
    work = fiber::Channel<int>();
    start_workers();
    fiber::go([] { fiber::sleep_for(seconds(3600)); });
    fiber::go([] { work.receive_for(seconds(3600)); });
    fiber::go([] { fiber::select(); });
#ifdef FIXED
    while (begun.load() < 3) fiber::yield();
    work.close();
    while (begun.load() != 0) fiber::yield();
#else
    lose_a_channel();
    while (fiber::stats().parks < kParks) fiber::yield();
    static_cast<void>(found(1));
#endif
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: waits: chan receive on channel 0x{{[0-9a-f]+}} (created at: {{.*}}leaks_of_run.cpp:{{[0-9]+:[0-9]+}}; capacity 5000, 0 in it)
// CHECK: WARNING: FiberSan: fiber leak
// CHECK-NEXT: Fibers {{[0-9, -]+}} (3 in all) wait: chan receive on channel 0x{{[0-9a-f]+}} (created at: {{.*}}; unbuffered)
// CHECK: wait_for_work() {{.*}}leaks_of_run.cpp:
// CHECK: [has waited for {{[0-9.]+ m?s}}]
// CHECK-NEXT: [its channel was created by fiber 1, which has ended]
// CHECK: created by fiber 1 at:
// CHECK: start_workers() {{.*}}leaks_of_run.cpp
// CHECK: [still blocked when main's function returned
// CHECK: SUMMARY: FiberSan: fiber leak {{.*}}leaks_of_run.cpp:{{.*}} in wait_for_work
// CHECK: FiberSan: reported 2 warnings; precision: exact
// OFF: WARNING: FiberSan: partial deadlock
// MATCHED: FiberSan: matched 1 suppression:
// MATCHED-NEXT: {{^  1 leak:wait_for_work$}}
// OFF: FiberSan: reported 1 warnings; precision: exact
// LEAK: WARNING: FiberSan: fiber leak
// LEAK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
