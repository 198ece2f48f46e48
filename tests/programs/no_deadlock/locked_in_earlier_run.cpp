// A fiber that the end of its run has stopped keeps its lock. A fiber of the next run is another
// one, with a number of its own: it does not have the lock, and nobody has copied it.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s
#include <fiber/fiber.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <set>

fiber::Mutex mutex;
fiber::Channel<int> never;
std::set<std::uint64_t> ids;

void note_id() { ids.insert(fiber::this_fiber::id()); }

int main() {
  fiber::run([] {
    note_id();
    fiber::Channel<int> locked;
    fiber::go([&] {
      note_id();
      mutex.lock();
      locked.close();
      never.receive();
    });
    locked.receive();
  });
  fiber::run([] {
    note_id();
    fiber::spawn([] {
      note_id();
      if (mutex.try_lock_for(std::chrono::milliseconds(1))) std::puts("has it");
    }).join();
  });
  std::printf("%zu fibers\n", ids.size());
}
// CHECK-NOT: has it
// CHECK: 4 fibers
