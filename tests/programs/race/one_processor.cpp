// Two fibers that nothing orders, one after the other on one processor: each of write-write,
// write-read and read-write, with nothing, a yield, a sleep or a contended run queue between. All
// twelve are reported. With the argument the first of each pair is joined before the second
// begins: silent.
//
// RUN: %fibersan -O1 %s -o %t && %exits 66 env FIBER_OPTIONS=procs=1 %run %t > %t.out 2>&1
// RUN: FileCheck %s < %t.out
// RUN: sed -n "s/.* second<\([0-9]*\)>.*/\1/p" %t.out | sort -n -u | FileCheck %s --check-prefix=ALL
// RUN: env FIBER_OPTIONS=procs=1 %run %t ordered 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "../turn.h"

constexpr int kKinds = 3;
constexpr int kBetween = 4;
constexpr int kPairs = kKinds * kBetween;

alignas(8) int variables[kPairs];
bool ordered = false;

void see(int value) { [[maybe_unused]] const volatile int seen = value; }

template <int kIndex>
[[gnu::noinline]] void first() {
  kIndex % kKinds != 2 ? void(variables[kIndex] = 1) : see(variables[kIndex]);
}
template <int kIndex>
[[gnu::noinline]] void second() {
  kIndex % kKinds != 1 ? void(variables[kIndex] = 2) : see(variables[kIndex]);
}

// More fibers than the queue of a processor holds.
void crowd() {
  fiber::WaitGroup all;
  for (int i = 0; i < 300; ++i) all.go([] { fiber::yield(); });
  all.wait();
}

void between(int how) {
  if (how == 1) fiber::yield();
  if (how == 2) fiber::sleep_for(std::chrono::milliseconds(1));
  if (how == 3) crowd();
}

template <int kIndex>
void pair() {
  Turn turn;
  auto one = fiber::spawn([&] {
    first<kIndex>();
    turn.done();
  });
  if (ordered) one.join();
  auto two = fiber::spawn([&] {
    turn.after(1);
    between(kIndex / kKinds);
    second<kIndex>();
  });
  if (!ordered) one.join();
  two.join();
}

template <int... kIndex>
void all_pairs(std::integer_sequence<int, kIndex...>) {
  (pair<kIndex>(), ...);
}

int main(int argc, char**) {
  ordered = argc > 1;
  return fiber::run([] {
    all_pairs(std::make_integer_sequence<int, kPairs>());
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 12 warnings; precision: exact
// ALL: 0
// ALL-NEXT: 1
// ALL-NEXT: 2
// ALL-NEXT: 3
// ALL-NEXT: 4
// ALL-NEXT: 5
// ALL-NEXT: 6
// ALL-NEXT: 7
// ALL-NEXT: 8
// ALL-NEXT: 9
// ALL-NEXT: 10
// ALL-NEXT: 11
// ORDERED: done
