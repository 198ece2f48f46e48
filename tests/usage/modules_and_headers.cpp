// C++20 modules and precompiled headers: what is inline in them is checked where it is compiled.
// A precompiled header needs -c, or the driver would link the config file's libraries besides.
//
// RUN: split-file %s %t
// RUN: %fibersan -g -O1 --precompile %t/counter.cppm -o %t/counter.pcm
// RUN: %fibersan -c %t/counter.pcm -o %t/counter.o
// RUN: %fibersan -g -O1 -c -x c++-header %t/other.h -o %t/other.h.pch
// RUN: %fibersan -g -O1 -fprebuilt-module-path=%t -include-pch %t/other.h.pch %t/main.cpp %t/counter.o -o %t/program
// RUN: %exits 66 %run %t/program 2>&1 | FileCheck %s
//
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}}counter.cppm:3:{{[0-9]+}} in count_up
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}}other.h:4:{{[0-9]+}} in count_down
// CHECK: reported 2 warnings

//--- counter.cppm
export module counter;
export int counted;
export inline void count_up() { ++counted; }

//--- other.h
#include <fiber/fiber.h>

inline int left;
[[gnu::noinline]] inline void count_down() { --left; }

//--- main.cpp
import counter;

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    for (int i = 0; i < 2; ++i) both.go([] { count_up(), count_down(); });
    both.wait();
    return 0;
  });
}
