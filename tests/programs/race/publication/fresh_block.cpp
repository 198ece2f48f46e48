// A new object is written behind its publication by a channel, and before its publication by a
// relaxed store, which orders nothing. -DFIXED: written before the channel, stored as a release.
//
// RUN: %fibersan -O2 %s -o %t && not %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

#include "../../turn.h"

struct Node {
  int value = 0;
  Node* next = nullptr;
};

std::atomic<Node*> shared;
Turn turn;

void write_behind_publication() {
  fiber::Channel<Node*> nodes(1);
  fiber::WaitGroup both;
  both.go([&] {
    Node* node = new Node;
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

#ifdef FIXED
constexpr auto kOrder = std::memory_order_release;
#else
constexpr auto kOrder = std::memory_order_relaxed;
#endif

void relaxed_publication() {
  fiber::WaitGroup both;
  both.go([] {
    Node* node = new Node;
    node->value = 3;
    shared.store(node, kOrder);
    turn.done();
  });
  both.go([] {
    turn.after(2);
    std::printf("value %d\n", shared.load(std::memory_order_acquire)->value);
  });
  both.wait();
  delete shared.load();
}

int main() {
  return fiber::run([] {
    write_behind_publication();
    relaxed_publication();
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 4
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 {{.*}}fresh_block.cpp:31
// CHECK: WARNING: FiberSan: data race
// CHECK-NEXT: Read of size 4
// CHECK: Previous write of size 4
// CHECK-NEXT: #0 {{.*}}relaxed_publication
// CHECK: done
// FIXED: value 2
// FIXED: value 3
// FIXED: done
