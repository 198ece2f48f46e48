// From a program to its page: what a run found is what a browser shows, with this file's lines.
//
// REQUIRES: the-package-chromium
// RUN: rm -rf %t.d && mkdir %t.d && %fibersan %s -o %t
// RUN: env FIBERSAN_OPTIONS=format=json:log_path='"'%t.d/run'"' %exits 66 %run %t
// RUN: %build/bin/fibersan report --format html -o %t.d/page.html %t.d
// RUN: %python %Inputs/look_at_program.py %t.d/page.html | FileCheck %s
//
// CHECK: verdict: 2 findings
// CHECK-DAG: finding: Data race
// CHECK-DAG: finding: Partial deadlock
// CHECK: source: 20void add() { ++number; }
// CHECK: graph: 2 fiber
// CHECK: errors: 0, requests beside files: 0
// clang-format off
#include <fiber/fiber.h>

int number;

void add() { ++number; }

int main() {
  return fiber::run([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 2; ++i) group.go(add);
    group.wait();
    fiber::go([channel = fiber::Channel<int>()]() mutable { channel.receive(); });
    fiber::yield();
  });
}
