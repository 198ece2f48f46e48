// Unlocking what nobody has locked: Mutex and both sides of a RwMutex.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

template <typename F>
void attempt(F unlock) {
  try {
    unlock();
    std::puts("unlocked");
  } catch (const fiber::UnlockOfUnlocked&) {
    std::puts("caught");
  }
}

int main() {
  return fiber::run([] {
    fiber::Mutex mutex;
    fiber::RwMutex rw_mutex;
#ifdef FIXED
    mutex.lock();
#endif
    attempt([&] { mutex.unlock(); });
    // CHECK: WARNING: FiberSan: unlock of unlocked mutex
    // CHECK: {{.*}}unlock_of_unlocked.cpp:[[@LINE-2]]
#ifdef FIXED
    rw_mutex.lock();
#endif
    attempt([&] { rw_mutex.unlock(); });
    // CHECK: WARNING: FiberSan: unlock of unlocked mutex
    // CHECK: {{.*}}unlock_of_unlocked.cpp:[[@LINE-2]]
#ifdef FIXED
    rw_mutex.lock_shared();
#endif
    attempt([&] { rw_mutex.unlock_shared(); });
    // CHECK: WARNING: FiberSan: unlock of unlocked mutex
    // CHECK: {{.*}}unlock_of_unlocked.cpp:[[@LINE-2]]
  });
}
// CHECK: FiberSan: reported 3 warnings; precision: exact
// FIXED: unlocked
// FIXED: unlocked
// FIXED: unlocked
// FIXED-NOT: caught
