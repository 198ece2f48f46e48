// An object is written and its address published by a relaxed store: whoever reads it there races
// with what was written. So a write needs its check although nobody else knows the address yet
// (capture_order.h, O1); the pointer itself is atomic and no race.
//
// RUN: %fibersan -O2 %s -o %t && not %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>

#include "../../turn.h"

struct Node {
  int value;
};

std::atomic<Node*> shared;
Turn turn;

int main() {
  return fiber::run([] {
    fiber::WaitGroup both;
    both.go([] {
      Node* node = new Node;
      node->value = 1;
      shared.store(node, std::memory_order_relaxed);
      turn.done();
    });
    both.go([] {
      turn.after(1);
      shared.load(std::memory_order_relaxed)->value = 2;
    });
    both.wait();
    delete shared.load(std::memory_order_relaxed);
  });
}

// CHECK: WARNING: FiberSan: data race
// CHECK: Write of size 4
