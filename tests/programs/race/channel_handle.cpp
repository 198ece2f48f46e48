// A Channel handle is user data: assigning it while another fiber copies it is a race,
// although all handles share one channel. -DFIXED gives each fiber its own handle.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

fiber::Channel<int> shared_handle(1);
Turn turn;

void late() {
  shared_handle = fiber::Channel<int>(2);
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: late() {{.*}}channel_handle.cpp:[[@LINE-3]]
}

void early(const fiber::Channel<int>& handle) {
  fiber::Channel<int> copy = handle;
  copy.send(1);
}
// CHECK: Previous read of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
// CHECK: early({{.*}}channel_handle.cpp:[[@LINE-4]]

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
#ifdef FIXED
    both.go([own = shared_handle] { early(own), turn.done(); });
#else
    both.go([] { early(shared_handle), turn.done(); });
#endif
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("capacity %zu\n", shared_handle.capacity());
  });
}
// CHECK: Location is global 'shared_handle' of size 8
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: capacity 2
