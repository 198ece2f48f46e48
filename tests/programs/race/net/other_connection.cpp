// Bytes order only the two ends of their own connection: what is received on one says nothing
// about who wrote to another. -DFIXED receives on the connection that the writer wrote to.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../../turn.h"

int value;
Turn turn;

int late() {
  return value;
  // CHECK: WARNING: FiberSan: data race
  // CHECK-NEXT: Read of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK-NEXT: #0 late() {{.*}}other_connection.cpp:[[@LINE-3]]
}

void early() {
  value = 1;
  // CHECK: Previous write of size 4 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}}:
  // CHECK: early() {{.*}}other_connection.cpp:[[@LINE-2]]
}

struct Connection {
  explicit Connection(fiber::TcpListener& listener)
      : client(fiber::TcpStream::dial(listener.local_address())), server(listener.accept()) {}
  fiber::TcpStream client;
  fiber::TcpStream server;
};

int main() {
  return fiber::run([] {
    auto listener = fiber::TcpListener::listen("127.0.0.1:0");
    Connection one(listener);
    Connection other(listener);
    fiber::WaitGroup both;
    other.client.write("from main", 1);
    both.go([&] {
      early();
      one.client.write("x");
      turn.done();
    });
    both.go([&] {
      turn.after(1);
      char byte;
#ifdef FIXED
      one.server.read(&byte, 1);
#else
      other.server.read(&byte, 1);
#endif
      std::printf("read %d\n", late());
    });
    both.wait();
  });
}
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: read 1
