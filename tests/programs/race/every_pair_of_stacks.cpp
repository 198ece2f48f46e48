// Readers that nothing orders, from twenty different functions, then a write: one report for each
// of the functions, however many readers there are. With an argument: so many readers of one
// function, one report. -DFIXED waits for all of them.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 10000 20 > %t.out 2>&1; FileCheck %s < %t.out
// RUN: grep -c 'WARNING: FiberSan: data race' %t.out | grep -qx 20
// RUN: grep 'Previous read' -A1 %t.out | grep -o 'read_at<[0-9]*>' | sort -u | wc -l | grep -qx 20
// RUN: %exits 66 %run %t 30000 1 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 10000 20 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "../turn.h"

int value;
Turn turn;

template <int kPlace>
[[gnu::noinline]] void read_at() {
  if (value != 0) std::puts("already written");
}

template <int... kPlaces>
void read_from(int place, std::integer_sequence<int, kPlaces...>) {
  static constexpr void (*kReaders[])() = {read_at<kPlaces>...};
  kReaders[place]();
}

int main(int, char** arguments) {
  const int count = std::atoi(arguments[1]);
  const int places = std::atoi(arguments[2]);
  return fiber::run([=] {
    fiber::WaitGroup readers;
    for (int i = 0; i < count; ++i) {
      readers.go([=] {
        read_from(i % places, std::make_integer_sequence<int, 20>());
        turn.done();
      });
    }
#ifdef FIXED
    readers.wait();
#endif
    turn.after(count);
    value = 1;
    readers.wait();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 20 warnings; precision: exact
// ONE: WARNING: FiberSan: data race
// ONE: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
