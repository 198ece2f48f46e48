// A fiber reads, computes, and is to write the same place; the run ends while it computes, at a
// poll. The read has happened, so the check of the write must not stand for it.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=1:preempt_ms=1 %exits 66 %run
// RUN: %fibersan -O2 %s -o %t.loop && %{try} %t.loop 2>&1 | FileCheck %s
// RUN: %fibersan -O2 -DCALL %s -o %t.call && %{try} %t.call 2>&1 | FileCheck %s
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && env FIBER_OPTIONS=procs=1:preempt_ms=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdint>
#include <cstdio>

namespace {

int shared = 0;

__attribute__((noinline)) uint64_t calls(unsigned depth) {
  return depth == 0 ? 1 : calls(depth - 1) + calls(depth - 1) * 3;
}

__attribute__((noinline)) uint64_t compute(uint64_t start) {
#ifdef CALL
  return calls(static_cast<unsigned>(start) + 60);
#else
  for (uint64_t i = 0; i < UINT64_MAX / 2; ++i) start ^= start * 7 + i;
  return start;
#endif
}

__attribute__((noinline)) void add_result() {
  // CHECK: WARNING: FiberSan: data race
  // The main fiber may have been preempted before its write.
  // CHECK: {{Read|Previous read}} of size 4 {{.*}} by fiber 2
  // CHECK-NEXT: add_result{{.*}}.cpp:[[# @LINE + 1]]
  const int before = shared;
  shared = before + static_cast<int>(compute(1));
}

}  // namespace

int main() {
  const int status = fiber::run([] {
    shared = 3;
    fiber::go(add_result);
#ifndef FIXED
    shared = 4;
#endif
    fiber::yield();  // until it is preempted
  });
  std::fputs("ends\n", stderr);  // FIXED: {{^ends}}
  return status;
}
