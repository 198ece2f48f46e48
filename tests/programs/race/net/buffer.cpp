// A fiber reads from a connection into a buffer that another one writes to: a race on the
// buffer, though no instrumented code writes there in the reading fiber. -DFIXED joins first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../../turn.h"

char buffer[8];
Turn turn;

void overwrite() {
  buffer[0] = 1;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Write of size 1 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'writer':
  // CHECK-NEXT: #0 overwrite() {{.*}}buffer.cpp:[[@LINE-3]]
}

void receive(fiber::UnixStream& stream) {
  stream.read_full(buffer, sizeof(buffer));
  // CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'receiver':
  // CHECK: receive(fiber::UnixStream&) {{.*}}buffer.cpp:[[@LINE-2]]
}

int main() {
  return fiber::run([] {
    auto ends = fiber::UnixStream::pair();
    ends.second.write("received");
    auto receiver = fiber::spawn(fiber::FiberOptions{.name = "receiver"}, [&] {
      receive(ends.first);
      turn.done();
    });
#ifdef FIXED
    receiver.join();
#endif
    auto writer = fiber::spawn(fiber::FiberOptions{.name = "writer"}, [] {
      turn.after(1);
      overwrite();
    });
    writer.join();
    std::puts("done");
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: done
