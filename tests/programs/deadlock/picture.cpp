// The report of a deadlock says what each object holds, how long each fiber has waited and what
// keeps others from waking it; deadlock_graph= draws it. Both are gone with -DFIXED.
//
// RUN: %fibersan %s -o %t && rm -f %t.graph.* && %exits 66 env FIBERSAN_OPTIONS=deadlock_graph='"'%t.graph'"' %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: cat %t.graph.*.1.dot | FileCheck %s --check-prefix=DOT
// RUN: cat %t.graph.*.1.html | FileCheck %s --check-prefix=PAGE
// RUN: %fibersan -DFIXED %s -o %t.fixed && rm -f %t.none.* && env FIBERSAN_OPTIONS=deadlock_graph='"'%t.none'"' %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: not ls %t.none.*
//
// A file that cannot be written is said, and the report is there.
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_graph='"'%t.no/such/folder'"' %run %t 2>&1 | FileCheck %s --check-prefix=UNWRITTEN
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <mutex>

fiber::Mutex mutex;

int main() {
  return fiber::run([] {
    fiber::Channel<int> results(2);
    fiber::name(results, "results");
    fiber::WaitGroup group;
    group.add(2);
    fiber::go(fiber::FiberOptions{.name = "holder"}, [&, results] {
      std::scoped_lock lock(mutex);
      results.send(1);
      results.send(2);
#ifndef FIXED
      results.send(3);
#endif
      group.done();
    });
    fiber::go(fiber::FiberOptions{.name = "locker"}, [&] {
      while (results.size() < 2) fiber::yield();
      fiber::sleep_for(std::chrono::milliseconds(100));  // so that the others have waited
      std::scoped_lock lock(mutex);
      group.done();
    });
    group.wait();
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: global deadlock
// CHECK: Fiber 1 waits: waitgroup wait on waitgroup 0x{{[0-9a-f]+}} (created at: {{.*}}picture.cpp:{{[0-9]+}}:{{[0-9]+}}; counter 2)
// CHECK: [has waited for {{.*}}s]
// CHECK: 'holder' waits: chan send on channel 0x{{[0-9a-f]+}} 'results' (created at: {{.*}}picture.cpp:{{[0-9]+}}:{{[0-9]+}}; capacity 2, 2 in it)
// CHECK: [has waited for {{.*}}s]
// CHECK: [its channel was created by fiber 1, which waits itself: waitgroup wait]
// CHECK: 'locker' waits: mutex lock on mutex 0x{{[0-9a-f]+}} 'mutex', held by fiber {{[0-9]+}} 'holder'
// CHECK: [held by fiber {{[0-9]+}} 'holder', which waits itself: chan send]
// DOT: digraph waits {
// DOT-DAG: [shape=box, label="fiber {{[0-9]+}} 'holder'\nchan send
// DOT-DAG: [shape=ellipse, label="channel 'results'\n0x{{[0-9a-f]+}}\ncapacity 2, 2 in it\n
// DOT-DAG: [label="waits for"];
// DOT-DAG: [label="held by", color=
// DOT-DAG: [label="created by", style=dashed
// DOT: {{^}$}}
// PAGE: <!DOCTYPE html>
// PAGE: <svg
// PAGE: capacity 2, 2 in it</text>
// PAGE: </svg>
// PAGE: WARNING: FiberSan: global deadlock
// UNWRITTEN: FiberSan: cannot write {{.*}}.no/such/folder.{{[0-9]+}}.1.dot: No such file or directory
// UNWRITTEN: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
