// Uses of a freed block: a free that is part of the race is told as a free, though its fiber had
// written the block in the same epoch; one that lies further back is told with the block.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t before 2>&1 | FileCheck %s --check-prefix=BEFORE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t written 2>&1 | FileCheck %s --check-prefix=WRITTEN --implicit-check-not=WARNING
// RUN: %exits 66 %run %t alone 2>&1 | FileCheck %s --check-prefix=ALONE --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 FIBERSAN_OPTIONS=history_size=0 %run %t long_ago 2>&1 | FileCheck %s --check-prefix=LONG --implicit-check-not=WARNING
// RUN: %run %t ordered 2>&1 | FileCheck %s --check-prefix=ORDERED --allow-empty --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstring>
#include <memory>

#include "../turn.h"

// The C library's own words are at the beginning of a freed block.
struct Node {
  int before[123];
  int key;
  int value;
  Node* next;
};
Turn turn;

// The memory stays as it is: nothing else of its size is allocated.
__attribute__((noinline)) void drop(Node* node) { delete node; }
__attribute__((noinline)) void set(int* place) { *place = 1; }

void two_late_uses(Node* node) {
  fiber::WaitGroup both;
  both.go([node] { set(&node->value), turn.done(); });
  both.go([node] { turn.after(1), set(&node->value); });
  both.wait();
}

void freed_before() {
  Node* const node = new Node{};
  fiber::spawn(fiber::FiberOptions{.name = "dropper"}, [node] { drop(node); }).join();
  two_late_uses(node);
}
// BEFORE: WARNING: FiberSan: data race
// BEFORE: Location is heap block of size 512 at 0x{{[0-9a-f]+}} allocated by fiber 1:
// BEFORE: freed_before() {{.*}}freed_block.cpp:[[@LINE-6]]
// BEFORE: [496 bytes into it, freed by now]
// BEFORE-NEXT: Heap block freed by fiber [[DROPPER:[0-9]+]] 'dropper' at:
// BEFORE-NEXT: #0 drop(Node*) {{.*}}freed_block.cpp:[[@LINE-20]]
// BEFORE: Fiber [[DROPPER]] 'dropper' (finished) created by fiber 1 at:

void written() {
  Node* const node = new Node{};
  fiber::WaitGroup both;
  both.go([node] {
    for (int& word : node->before) word = 1;
    node->key = node->value = 1;
    node->next = node;
    drop(node);
    turn.done();
  });
  both.go([node] { turn.after(1), set(&node->value); });
  both.wait();
}
// WRITTEN: WARNING: FiberSan: heap-use-after-free race
// WRITTEN: Previous free of size 512 at
// WRITTEN-NEXT: #0 drop(Node*) {{.*}}freed_block.cpp:[[@LINE-38]]
// WRITTEN: Location is heap block of size 512
// WRITTEN: [496 bytes into it]
// WRITTEN-NOT: freed by

// ALONE: WARNING: FiberSan: data race
// ALONE: Heap block freed by main thread at:
// ALONE-NEXT: [not recorded

std::unique_ptr<double[]> others;
void long_ago() {
  Node* const node = new Node{};
  fiber::spawn([node] { drop(node); }).join();
  others.reset(new double[200'000]);  // fresh, so each is an event
  for (int i = 0; i < 200'000; ++i) set(reinterpret_cast<int*>(&others[i]));
  two_late_uses(node);
}
// LONG: WARNING: FiberSan: data race
// LONG: Heap block freed by {{fiber 2|a fiber no longer known}} at:
// LONG-NEXT: [stack no longer in history (history_size=

void ordered() {
  Node* const node = new Node{};
  fiber::spawn([node] { set(&node->value); }).join();
  drop(node);
}
// ORDERED-NOT: FiberSan

int main(int, char** arguments) {
  Node* const alone = new Node{};
  drop(alone);
  return fiber::run([alone, way = arguments[1]] {
    const auto is = [way](const char* name) { return std::strcmp(way, name) == 0; };
    if (is("before")) freed_before();
    if (is("written")) written();
    if (is("alone")) two_late_uses(alone);
    if (is("long_ago")) long_ago();
    if (is("ordered")) ordered();
  });
}
