// What a fiber does to a new object before anybody knows it needs no check; what it does later
// does. The object is handed over by a channel (-DFIXED: before the write), or by a plain store,
// which is itself the race that is reported.
//
// RUN: %fibersan -O2 %s -o %t && not %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>

#include "../../turn.h"

struct Node {
  int value;
  Node* next = nullptr;
};

Node* shared;
Turn turn;

void write_behind_publication() {
  fiber::Channel<Node*> nodes(1);
  fiber::WaitGroup both;
  both.go([&] {
    Node* node = new Node{1};
#ifdef FIXED
    node->value = 2;
    nodes.send(node);
#else
    nodes.send(node);
    node->value = 2;
#endif
    turn.done();
  });
  Node* received = nullptr;
  both.go([&] {
    turn.after(1);
    received = *nodes.receive();
    std::printf("value %d\n", received->value);
  });
  both.wait();
  delete received;
}

void publication_by_race() {
#ifndef FIXED
  fiber::WaitGroup both;
  both.go([] { shared = new Node{3}, turn.done(); });
  both.go([] {
    turn.after(2);
    std::printf("value %d\n", shared->value);
  });
  both.wait();
  delete shared;
#endif
}

int main() {
  return fiber::run([] {
    write_behind_publication();
    publication_by_race();
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 4
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 {{.*}}fresh_block.cpp:31
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 8
// CHECK: Location is global 'shared'
// CHECK: done
// FIXED: value 2
// FIXED: done
