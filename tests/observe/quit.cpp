// SIGQUIT shows all fibers and ends the program with status 2, as Go does; with
// quit_dump=continue it goes on; a handler of the program's own stays, and so does SIG_IGN.
// Without preemption: a fiber that has just been preempted is runnable, and has no stack to show.
//
// RUN: %fiber %s -o %t
// RUN: env FIBER_OPTIONS=preempt_ms=0 %exits 2 %run %t 2>&1 | FileCheck %s
// RUN: env FIBER_OPTIONS=preempt_ms=0:quit_dump=continue %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,ON
// RUN: %run %t own | FileCheck %s --check-prefix=OWN
// RUN: %run %t ignore | FileCheck %s --check-prefix=IGNORE
// RUN: env FIBER_OPTIONS=quit_dump=perhaps %exits 1 %run %t 2>&1 | FileCheck %s --check-prefix=PERHAPS
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

using namespace std::chrono_literals;

std::atomic<int> handled{0};
std::atomic<bool> spins{false};

__attribute__((noinline)) void wait_for_ever() {
  fiber::Channel<int>().receive();
  asm volatile("");
}

__attribute__((noinline)) void spin() {
  spins = true;
  while (handled == 0) {
  }
  asm volatile("");
}

int main(int, char** arguments) {
  const bool own = arguments[1] != nullptr && std::strcmp(arguments[1], "own") == 0;
  const bool ignore = arguments[1] != nullptr && !own;
  std::signal(SIGQUIT, SIG_DFL);  // a shell's background job has it ignored
  if (own) std::signal(SIGQUIT, [](int) { ++handled; });
  if (ignore) std::signal(SIGQUIT, SIG_IGN);
  return fiber::run(
      [own] {
        fiber::go({.name = "stuck"}, wait_for_ever);
        fiber::go({.name = "busy"}, spin);
        while (!spins) fiber::yield();
        fiber::sleep_for(30ms);
        std::raise(SIGQUIT);
        if (own) {
          while (handled == 0) fiber::yield();
          std::puts("handled");
        } else {
          fiber::sleep_for(3s);  // the dump and the end come meanwhile, on a busy machine too
        }
        handled = 1;
        std::puts("went on");
      },
      {.procs = 3});
}
// CHECK: SIGQUIT: quit
// CHECK: fibers: {{[12]}} running, {{[01]}} runnable, {{[12]}} waiting
// CHECK: fiber 3 'busy' [running]:
// CHECK-NEXT: #0 spin() (quit.cpp.tmp+0x{{[0-9a-f]+}})
// CHECK: created by fiber 1 at {{.*}} (quit.cpp.tmp+0x{{[0-9a-f]+}})
// CHECK: fiber 2 'stuck' [chan receive, 0.{{[0-9][0-9]}} s]:
// CHECK-NEXT: #0 wait_for_ever() (quit.cpp.tmp+0x{{[0-9a-f]+}})
// ON: went on
// OWN: handled
// OWN: went on
// IGNORE: went on
// PERHAPS: quit_dump must be exit or continue
