// While an external_waker() lives, fibers that all wait are no deadlock: somebody outside of the
// runtime will wake one. Without it (-DNONE) the same wait is one. A named channel has its name
// in the report.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DNONE %s -o %t.none && %exits 66 %run %t.none 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s
// RUN: %fiber -DNONE %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <csignal>
#include <cstdio>
#include <ctime>

fiber::Channel<int> results(1);

// As a library calls back: from a place that the runtime knows nothing of.
void call_back(sigval) { results.try_send(7); }

void start_timer() {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = call_back;
  timer_t timer = {};
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) std::perror("timer_create");
  itimerspec in_100_ms = {};
  in_100_ms.it_value.tv_nsec = 100'000'000;
  timer_settime(timer, 0, &in_100_ms, nullptr);
}

int main() {
  return fiber::run([] {
    fiber::name(results, "results");
#ifndef NONE
    auto waker = fiber::external_waker();
    start_timer();
#endif
    std::printf("received %d\n", *results.receive());
  });
}
// CHECK: received 7
// NONE: WARNING: FiberSan: global deadlock
// NONE: chan receive on channel {{.*}}'results'
// PLAIN: fatal error: all fibers are asleep - deadlock!
