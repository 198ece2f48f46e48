// For gdb_live.test and gdb_core.test: stops with one fiber that runs, two that wait and one that
// has not started; with an argument it crashes there.
#include <fiber/fiber.h>

#include <atomic>

std::atomic<bool> crash{false};

__attribute__((noinline)) void wait_for(const fiber::Channel<int>& channel, int number) {
  if (number > 0) {
    wait_for(channel, number - 1);
  } else {
    channel.receive();
  }
  asm volatile("");
}

extern "C" __attribute__((noinline)) void stop_here() {
  if (crash) __builtin_trap();
}

int main(int count, char**) {
  crash = count > 1;
  return fiber::run(
      [] {
        fiber::Channel<int> channel;
        for (int i = 0; i < 2; ++i)
          fiber::go({.name = "waiter"}, [channel, i] { wait_for(channel, i); });
        fiber::yield();
        fiber::yield();
        fiber::go([] {});
        stop_here();
      },
      {.procs = 1});
}
// CHECK: list
// CHECK:      {{^}} 1 [running]
// CHECK-NEXT: 2 [chan receive] 'waiter' wait_for(fiber::Channel<int> const&, int)
// CHECK-NEXT: 3 [chan receive] 'waiter' wait_for(fiber::Channel<int> const&, int)
// CHECK-NEXT: 4 [runnable]
// CHECK: parked
// CHECK: #1 {{.*}}fiber::internal::
// CHECK: #[[#A:]] {{.*}} wait_for (channel=..., number=0) at {{.*}}waiting_fibers.cpp:[[@LINE-30]]
// CHECK-NEXT: #[[#A+1]] {{.*}} wait_for (channel=..., number=1) at {{.*}}waiting_fibers.cpp:[[@LINE-33]]
// CHECK: fiber_entry
// CHECK: local
// CHECK: number = 1
// CHECK: running
// CHECK: #0 {{.*}}stop_here () at {{.*}}waiting_fibers.cpp
// CHECK: fiber_entry
// CHECK: thread
// CHECK: #0 {{.*}}stop_here () at
// CHECK: no live fiber 99
