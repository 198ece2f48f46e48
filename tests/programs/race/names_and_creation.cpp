// Fibers are called by their names, also those given later, and the report says where
// each was created and whether it still lives.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../turn.h"

int value;
Turn turn;

void start_writer(fiber::WaitGroup& writers) {
  writers.go(fiber::FiberOptions{.name = "writer"}, [] { value = 1, turn.done(); });
}

void start_reader(fiber::WaitGroup& readers) {
  readers.go([] {
    turn.after(2);
    fiber::this_fiber::set_name("late reader");
    std::printf("read %d by %s\n", value, fiber::this_fiber::name().c_str());
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber [[READER:[0-9]+]] 'late reader':
// CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber [[WRITER:[0-9]+]] 'writer':
// CHECK: Fiber [[READER]] 'late reader' (running) created by fiber [[PARENT:[0-9]+]] 'parent' at:
// CHECK: start_reader({{.*}}names_and_creation.cpp:[[@LINE-10]]
// CHECK: Fiber [[WRITER]] 'writer' (finished) created by fiber 1 at:
// CHECK: start_writer({{.*}}names_and_creation.cpp:[[@LINE-16]]

int main() {
  return fiber::run([] {
    fiber::WaitGroup writers, readers;
#ifndef FIXED
    start_writer(writers);
    auto parent =
        fiber::spawn(fiber::FiberOptions{.name = "parent"}, [&readers] { start_reader(readers); });
    // By then the writer is not only done, but gone.
    parent.join();
    writers.wait();
    turn.done();
    readers.wait();
#else
    start_writer(writers);
    writers.wait();
    start_reader(readers);
    turn.done();
    readers.wait();
#endif
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1 by late reader
