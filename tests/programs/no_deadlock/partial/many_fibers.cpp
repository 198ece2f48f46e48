// Thousands of fibers that wait for what others have in their frames, who sleep: looks find that
// out without a copy of the process, which would make every stack dear, and become rarer. -DLOST
// loses a channel then, which is found all the same.
//
// RUN: %fibersan -O1 %s -o %t && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O1 -DLOST %s -o %t.lost && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=20:halt_on_error=1 %run %t.lost 2>&1 | FileCheck %s --check-prefix=LOST
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>

using std::chrono::milliseconds;

constexpr int kPairs = 2500;
std::atomic<bool> over{false};

void pair() {
  fiber::Channel<int> channel;
  auto waiter = fiber::spawn([channel] { channel.receive(); });
  while (!over) fiber::sleep_for(milliseconds(100));
  channel.close();
  waiter.join();
}

std::uint64_t looks() { return fiber::stats().deadlock_checks; }

int main() {
  return fiber::run([] {
    fiber::WaitGroup all;
    for (int i = 0; i < kPairs; ++i) all.go(pair);
    while (fiber::stats().fibers_live <= 2 * kPairs) fiber::sleep_for(milliseconds(1));
    const std::uint64_t before = looks();
    while (looks() < before + 3) fiber::sleep_for(milliseconds(10));
#ifdef LOST
    fiber::spawn([] { fiber::go([] { fiber::Channel<int>().receive(); }); }).join();
    for (;;) fiber::sleep_for(milliseconds(100));
#endif
    std::printf("%d copies\n", static_cast<int>(fiber::stats().deadlock_checks_copied));
    over = true;
    all.wait();
  });
}
// CHECK: 0 copies
// LOST: WARNING: FiberSan: partial deadlock
// LOST: waits: chan receive
