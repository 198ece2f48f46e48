// A comparison that qsort, qsort_r or bsearch calls races: the stack leads through the C library to
// who sorts, also when the comparison waits meanwhile and other fibers sort, or when an
// exception left an earlier one. -DFIXED guards both sides.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "../../turn.h"

int counts[3];
int thrown;
fiber::Mutex mutex;
Turn turn;

int count(int which, const void* a, const void* b) {
  fiber::yield();
  {
#ifdef FIXED
    std::scoped_lock lock(mutex);
#endif
    ++counts[which];
  }
  fiber::yield();
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}
[[gnu::noinline]] int in_qsort(const void* a, const void* b) { return count(0, a, b); }
[[gnu::noinline]] int in_qsort_r(const void* a, const void* b, void* which) {
  return count(*static_cast<int*>(which), a, b);
}
[[gnu::noinline]] int in_bsearch(const void* a, const void* b) { return count(2, a, b); }
int throwing(const void*, const void*) { throw 1; }

// By address: the headers have a bsearch of their own, which is inlined.
void* (*volatile search)(const void*, const void*, size_t, size_t,
                         int (*)(const void*, const void*)) = bsearch;

[[gnu::noinline]] void sort_plain(int* values) { qsort(values, 3, sizeof(int), in_qsort); }
[[gnu::noinline]] void sort_with_argument(int* values) {
  int which = 1;
  qsort_r(values, 3, sizeof(int), in_qsort_r, &which);
}
[[gnu::noinline]] void look_up(int* values) {
  const int wanted = 3, unknown = 0;
  if (search(&wanted, values, 3, sizeof(int), in_bsearch) != &values[2]) std::abort();
  if (search(&unknown, values, 3, sizeof(int), in_bsearch) != nullptr) std::abort();
}

void late() {
  for (int& count : counts) {
#ifdef FIXED
    std::scoped_lock lock(mutex);
#endif
    count = -1;
  }
}

void left_by_exception() {
  int values[3] = {3, 1, 2};
  try {
    qsort(values, 3, sizeof(int), throwing);
  } catch (int number) {
    thrown += number;
  }
}

void by_name(int begin) {
  turn.after(begin);
  left_by_exception();
  int values[3] = {3, 1, 2};
  sort_plain(values);
  values[2] = 1, values[0] = 3;
  sort_with_argument(values);
  if (values[0] != 1 || values[1] != 2 || values[2] != 3) std::abort();
  look_up(values);
  turn.done();
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] { by_name(0); });
    both.go([] { turn.after(1), late(); });
    both.wait();
    std::printf("done %d\n", thrown);
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 late()
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 count(int, void const*, void const*)
// CHECK-NEXT: #1 in_qsort(void const*, void const*)
// CHECK: sort_plain(int*) {{.*}}sorting.cpp
// CHECK-NEXT: by_name(int) {{.*}}sorting.cpp
// CHECK: WARNING: FiberSan: data race
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 count(int, void const*, void const*)
// CHECK-NEXT: #1 in_qsort_r(void const*, void const*, void*)
// CHECK: sort_with_argument(int*) {{.*}}sorting.cpp
// CHECK-NEXT: by_name(int) {{.*}}sorting.cpp
// CHECK: WARNING: FiberSan: data race
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 count(int, void const*, void const*)
// CHECK-NEXT: #1 in_bsearch(void const*, void const*)
// CHECK: look_up(int*) {{.*}}sorting.cpp
// CHECK-NEXT: by_name(int) {{.*}}sorting.cpp
// CHECK: done 1
// FIXED: done 1
