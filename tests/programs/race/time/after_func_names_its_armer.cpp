// The fiber of an after_func was created by whoever armed it last, there: the timer's fiber at
// first, the one that reset it, the one that made the context's callback.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t armed 2>&1 | FileCheck %s --check-prefixes=RACE,ARMED
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t reset 2>&1 | FileCheck %s --check-prefixes=RACE,RESET
// RUN: %exits 66 %run %t context 2>&1 | FileCheck %s --check-prefixes=RACE,CONTEXT
// RUN: %run %t fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string_view>

using namespace std::chrono_literals;

int value;
std::atomic<bool> called{false};

void call() {
  value = 1;
  called.store(true, std::memory_order_relaxed);
}

[[gnu::noinline]] fiber::Timer arm(std::chrono::milliseconds delay) {
  auto timer = fiber::after_func(delay, [] { call(); });
  return timer;
}

[[gnu::noinline]] bool reset(fiber::Timer& timer) {
  const bool was_active = timer.reset(1ms);
  return was_active;
}

[[gnu::noinline]] fiber::StopCall attach(const fiber::Context& context) {
  auto registration = fiber::after_func(context, [] { call(); });
  return registration;
}

int main(int, char** arguments) {
  const std::string_view what = arguments[1];
  return fiber::run([what] {
    if (what == "fixed") value = 2;
    auto armer = fiber::spawn([what] {
      if (what == "context") {
        auto [context, cancel] = fiber::with_cancel(fiber::Context::background());
        static auto registration = attach(context);  // whoever drops the last one is ordered
        cancel();
      } else {
        static auto timer = arm(what == "reset" ? 1h : 1ms);  // as above
        if (what == "reset") fiber::spawn([] { reset(timer); }).join();
      }
      while (!called.load(std::memory_order_relaxed)) fiber::yield();
    });
    armer.join();
    if (what != "fixed") value = 3;
    std::puts("over");
  });
}
// RACE: WARNING: FiberSan: data race
// RACE: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber [[CALL:[0-9]+]]
// ARMED: Fiber [[CALL]] ({{[a-z]+}}) created by fiber 2 at:
// ARMED: arm({{.*}}after_func_names_its_armer.cpp:26
// RESET: Fiber [[CALL]] ({{[a-z]+}}) created by fiber 3 at:
// RESET: reset({{.*}}after_func_names_its_armer.cpp:31
// CONTEXT: Fiber [[CALL]] ({{[a-z]+}}) created by fiber 2 at:
// CONTEXT: attach({{.*}}after_func_names_its_armer.cpp:36
// FIXED: over
