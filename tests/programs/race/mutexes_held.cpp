// Both fibers hold a lock, and not the same one: the report names the locks held at each
// access and where they come from. -DFIXED holds the same.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

#include "../turn.h"

Turn turn;

struct Inventory {
  fiber::Mutex items_mutex, log_mutex;
  fiber::RwMutex prices_mutex;
  int items = 0;
};

void late(Inventory& inventory) {
#ifdef FIXED
  std::scoped_lock lock(inventory.items_mutex);
#else
  std::scoped_lock log(inventory.log_mutex);
  std::shared_lock prices(inventory.prices_mutex);
#endif
  inventory.items = 2;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} (mutexes: write M1, read M2):
  // CHECK-NEXT: #0 late(Inventory&) {{.*}}mutexes_held.cpp:[[@LINE-3]]
}

void early(Inventory& inventory) {
  std::scoped_lock lock(inventory.items_mutex);
  inventory.items = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} (mutexes: write M3):
  // CHECK-NEXT: #0 early(Inventory&) {{.*}}mutexes_held.cpp:[[@LINE-2]]
}
// CHECK: Mutex M1 (0x{{[0-9a-f]+}}) created at:
// CHECK-NEXT: #{{[0-9]+}} {{.*}}
// CHECK: Mutex M2 (0x{{[0-9a-f]+}}) created at:
// CHECK: Mutex M3 (0x{{[0-9a-f]+}}) created at:

int main() {
  return fiber::run([] {
    Inventory inventory;
    fiber::WaitGroup both;
    both.go([&] { early(inventory), turn.done(); });
    both.go([&] { turn.after(1), late(inventory); });
    both.wait();
    std::printf("%d items\n", inventory.items);
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 2 items
