// A signal handler acts in the name of the fiber or thread that it interrupts: what it writes
// races with unordered accesses of others, and is in order with those of its own fiber and of
// whoever that one is ordered with.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <csignal>
#include <cstdio>

namespace {

int touched = 0;

void handle(int) { ++touched; }

void interrupted() {
  ++touched;
  std::raise(SIGUSR1);
  ++touched;
}

}  // namespace

int main() {
  std::signal(SIGUSR1, handle);
  const int status = fiber::run([] {
    std::raise(SIGUSR1);
#ifdef FIXED
    fiber::spawn(interrupted).join();
#else
    auto other = fiber::spawn({.name = "interrupted"}, [] { std::raise(SIGUSR1); });
    // CHECK: WARNING: FiberSan: data race
    // CHECK-DAG: {{Write|write|Read|read}} of size 4 {{.*}} by fiber 2 'interrupted'
    // CHECK-DAG: #0 (anonymous namespace)::handle(int) {{.*}}signal_handler.cpp:16
    // CHECK-DAG: #0 main::$_0::operator()() const {{.*}}signal_handler.cpp:[[# @LINE + 1]]
    touched = 10;
    other.join();
#endif
    ++touched;
  });
  std::fprintf(stderr, "%d\n", touched);  // FIXED: {{^5$}}
  return status;
}
