// What a report says besides the two stacks: which local variable of which frame, where the locks
// were taken, who created whom, and what each fiber released and acquired last; where else memory
// may be; and that a pair of stacks is reported once, however many addresses it meets at.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t local 2>&1 | FileCheck %s --check-prefix=LOCAL --implicit-check-not=WARNING
// RUN: %exits 66 %run %t places 2>&1 | FileCheck %s --check-prefix=PLACES --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=summary=always %run %t many 2>&1 | FileCheck %s --check-prefix=MANY --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t pairs 2>&1 | FileCheck %s --check-prefix=PAIRS --implicit-check-not=WARNING
// RUN: %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t sides 2>&1 | FileCheck %s --check-prefix=SIDES --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=summary=always %run %t ordered 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
#include <fiber/fiber.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "../turn.h"

Turn turn;
fiber::Mutex lock_of_one, lock_of_other;

__attribute__((noinline)) void write(int* place) { *place = 1; }
__attribute__((noinline)) void write_again(int* place) { *place = 2; }

struct Stats {
  int old[10];
  int counter;
};

__attribute__((noinline)) void with_local() {
  Stats stats = {};
  fiber::WaitGroup both;
  both.go({.name = "one"}, [&] {
    std::scoped_lock lock(lock_of_one);
    write(&stats.counter);
    turn.done();
    turn.after(2);
  });
  both.go({.name = "middle"}, [&] {
    both.go({.name = "other"}, [&] {
      turn.after(1);
      std::scoped_lock lock(lock_of_other);
      write(&stats.counter);
      turn.done();
    });
  });
  both.wait();
  std::printf("%d\n", stats.counter);
}
// LOCAL: WARNING: FiberSan: data race
// LOCAL-NEXT: Write of size 4 at 0x{{[0-9a-f]+}} by fiber [[OTHER:[0-9]+]] 'other' (mutexes: write M1):
// LOCAL: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber [[ONE:[0-9]+]] 'one' (mutexes: write M2):
// LOCAL: Location is stack of fiber 1, variable 'stats' of size 44 in with_local() {{.*}}what_a_report_says.cpp:[[@LINE-22]]
// LOCAL-NEXT: [40 bytes into it]
// LOCAL-NEXT: Mutex M1 (0x{{[0-9a-f]+}}) 'lock_of_other' acquired by fiber [[OTHER]] 'other' at:
// LOCAL: with_local(){{.*}}what_a_report_says.cpp:[[@LINE-14]]
// LOCAL: Mutex M2 (0x{{[0-9a-f]+}}) 'lock_of_one' acquired by fiber [[ONE]] 'one' at:
// LOCAL: with_local(){{.*}}what_a_report_says.cpp:[[@LINE-24]]
// LOCAL: Fiber [[OTHER]] 'other' (running) created by fiber [[MIDDLE:[0-9]+]] 'middle' at:
// LOCAL: Fiber [[ONE]] 'one' (running) created by fiber 1 at:
// LOCAL: Fiber [[MIDDLE]] 'middle' (finished) created by fiber 1 at:
// LOCAL: [why no happens-before: fiber [[ONE]] 'one' has released nothing; fiber [[OTHER]] 'other' last acquired 'lock_of_other' in fiber::Mutex::lock() at {{.*}}what_a_report_says.cpp:[[@LINE-20]]
// LOCAL: FiberSan: reported 1 warnings; precision: exact

thread_local int of_thread;

void race_at(int* place) {
  fiber::WaitGroup one;
  Turn steps;
  one.go([&] { write(place), steps.done(); });
  steps.after(1);
  write_again(place);
  one.wait();
}

void with_places() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  race_at(static_cast<int*>(page));
}
// PLACES: WARNING: FiberSan: data race
// PLACES: Location is mapped memory of size {{[0-9]+}} at 0x{{[0-9a-f]+}}
// PLACES: [why no happens-before: fiber 2 {{.*}}; fiber 1 has acquired nothing since it began]

constexpr int kMany = 10'000;
int many[kMany];

void with_many(bool ordered) {
  fiber::WaitGroup one;
  one.go([&] {
    for (int& place : many) write(&place);
    turn.done();
  });
  if (ordered) one.wait();
  turn.after(1);
  for (int& place : many) write_again(&place);
  one.wait();
}
// MANY: WARNING: FiberSan: data race
// MANY: Location is global 'many' of size 40000
// MANY: FiberSan: 9999 further occurrences of reported findings
// MANY-NEXT: FiberSan: reported 1 warnings; precision: exact
// ORDERED: FiberSan: reported 0 warnings; precision: exact

// Three unordered writes of one cell are three pairs of stacks.
void with_pairs() {
  int* place = &many[0];
  fiber::WaitGroup all;
  all.go([=] { write(place), turn.done(); });
  all.go([=] { turn.after(1), write_again(place), turn.done(); });
  all.go([=] { turn.after(2), *place = 3, turn.done(); });
  all.wait();
}
// PAIRS: WARNING: FiberSan: data race
// PAIRS: WARNING: FiberSan: data race
// PAIRS: WARNING: FiberSan: data race
// PAIRS: FiberSan: reported 3 warnings; precision: exact

// The same pair, with either side as the later one.
void with_sides() {
  const auto launch = [](int* place, int one, int other) {
    fiber::WaitGroup both;
    both.go([=] { turn.after(one), write(place), turn.done(); });
    both.go([=] { turn.after(other), write_again(place), turn.done(); });
    both.wait();
  };
  for (int round = 0; round < 2; ++round) launch(&many[4 * round], 3 * round, round + 1);
}
// SIDES: WARNING: FiberSan: data race
// SIDES: [fingerprint: {{[0-9a-f]+}}]
// SIDES-NEXT: SUMMARY: FiberSan: data race
// SIDES: FiberSan: 1 further occurrences of reported findings
// SIDES-NEXT: FiberSan: reported 1 warnings; precision: exact

int main(int, char** arguments) {
  return fiber::run([way = arguments[1]] {
    const auto is = [way](const char* name) { return std::strcmp(way, name) == 0; };
    if (is("local")) with_local();
    if (is("places")) with_places();
    if (is("many")) with_many(false);
    if (is("ordered")) with_many(true);
    if (is("pairs")) with_pairs();
    if (is("sides")) with_sides();
  });
}
