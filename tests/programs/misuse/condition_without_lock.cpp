// A fiber waits on a condition with a lock that it does not hold: nobody's, another fiber's, or a
// unique_lock that owns nothing. -DFIXED locks first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <mutex>

using namespace std::chrono_literals;

template <typename Wait>
void attempt(Wait wait) {
  try {
    wait();
    std::puts("waited");
  } catch (const std::exception&) {
    std::puts("refused");
  }
}

int main() {
  return fiber::run([] {
    fiber::ConditionVariable condition;
    fiber::Mutex mutex;
#ifdef FIXED
    std::unique_lock lock(mutex);
    attempt([&] { condition.wait_for(lock, 1ms); });
#else
    attempt([&] { condition.wait_for(mutex, 1ms); });
    // CHECK: WARNING: FiberSan: condition wait without its lock
    // CHECK: Operation on {{[a-z ]+}} 0x{{[0-9a-f]+}} by fiber 1:
    // CHECK: condition_without_lock.cpp:[[@LINE-3]]
    std::unique_lock<fiber::Mutex> nothing;
    std::unique_lock lock(mutex, std::defer_lock);
    attempt([&] { condition.wait_for(lock, 1ms); });
    // CHECK: WARNING: FiberSan: condition wait without its lock
    // CHECK: condition_without_lock.cpp:[[@LINE-2]]
    mutex.lock();
    fiber::spawn([&] {
      attempt([&] { condition.wait_for(mutex, 1ms); });
      // CHECK: WARNING: FiberSan: condition wait without its lock
      // CHECK: condition_without_lock.cpp:[[@LINE-2]]
      mutex.unlock();
    }).join();
#endif
  });
}
// CHECK: FiberSan: reported 3 warnings
// FIXED: waited
