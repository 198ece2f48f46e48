// What changes who executes a fiber, or in which run, orders nothing by itself: processors that
// come and go, a thread of its own, a blocking call. The end of a run orders all that was in it.
// Each silent, and with a racy twin.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t racy processors 2>&1 | FileCheck %s --check-prefix=RACY
// RUN: %run %t safe processors 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t racy thread 2>&1 | FileCheck %s --check-prefix=RACY
// RUN: %run %t safe thread 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t racy blocking 2>&1 | FileCheck %s --check-prefix=RACY
// RUN: %run %t safe blocking 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t racy runs 2>&1 | FileCheck %s --check-prefix=RACY
// RUN: %run %t safe runs 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t racy nested 2>&1 | FileCheck %s --check-prefix=RACY
// RUN: %run %t safe nested 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t racy group 2>&1 | FileCheck %s --check-prefix=FREED
// RUN: %run %t safe group 2>&1 | FileCheck %s --check-prefix=SAFE --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "../turn.h"

bool racy;
int value;

void write() { ++value; }

// The child has written when turn is 1, and tells nobody but by its end.
template <typename Child>
void read_after(Child& child, Turn& turn) {
  turn.after(1);
  if (!racy) child.join();
  write();
}

void processors() {
  fiber::run(
      [] {
        Turn turn;
        auto child = fiber::spawn([&] {
          fiber::set_processors(3);
          write();
          fiber::set_processors(1);
          turn.done();
        });
        fiber::set_processors(2);
        read_after(child, turn);
        fiber::set_processors(1);
        if (racy) child.join();
      },
      {.procs = 1});
}

void thread() {
  fiber::run([] {
    Turn turn;
    auto child = fiber::spawn([&] {
      const fiber::LockThread lock;
      fiber::yield();
      write();
      turn.done();
      fiber::yield();
    });
    const fiber::LockThread lock;
    read_after(child, turn);
    if (racy) child.join();
  });
}

void blocking() {
  fiber::run([] {
    Turn turn;
    auto child = fiber::spawn([&] {
      fiber::blocking([] { write(); });
      turn.done();
      fiber::blocking([] {});
    });
    fiber::blocking([&] { turn.after(1); });
    read_after(child, turn);
    if (racy) child.join();
  });
}

// What the first run made, in part by fibers that nobody joined, is the second one's.
void runs() {
  std::vector<std::unique_ptr<int>> made;
  fiber::run([&] {
    Turn turn;
    fiber::go([&] {
      made.push_back(std::make_unique<int>(1));
      turn.done();
      fiber::yield();
    });
    turn.after(1);
  });
  fiber::run([&] {
    Turn turn;
    auto child = fiber::spawn([&] {
      ++*made[0];
      turn.done();
    });
    turn.after(1);
    if (!racy) child.join();
    ++*made[0];
    if (racy) child.join();
  });
  value = *made[0] - 1;
}

struct Node {
  int value = 0;
  std::vector<std::unique_ptr<Node>> children;
};

// Handed over from the root; the racy sender keeps a way in.
void nested() {
  fiber::run([] {
    fiber::Channel<std::unique_ptr<Node>> trees(1);
    Turn turn;
    auto root = std::make_unique<Node>();
    root->children.push_back(std::make_unique<Node>());
    root->children[0]->children.push_back(std::make_unique<Node>());
    Node& leaf = *root->children[0]->children[0];
    auto child = fiber::spawn([&] {
      auto tree = std::move(*trees.receive());
      tree->children[0]->children[0]->value += 1;
      value = 2;
      turn.done();
      turn.after(2);
    });
    leaf.value = 1;
    trees.send(std::move(root));
    turn.after(1);
    if (racy) leaf.value = 3;
    turn.done();
    child.join();
  });
}

// A fiber may come to wait() only when the other one, which was first, has deleted the group. Here
// both waited, and still nothing orders that: with one processor some yields are enough for it.
void group() {
  const fiber::Options one_processor{.procs = 1};
  const auto body = [] {
    auto* group = new fiber::WaitGroup;
    group->add(1);
    auto first = fiber::spawn([&] { group->wait(); });
    auto second = fiber::spawn([&] {
      group->wait();
      if (!racy) first.join();
      delete group;
    });
    for (int i = 0; i < 20; ++i) fiber::yield();
    group->done();
    if (racy) first.join();
    second.join();
  };
  fiber::run(body, one_processor);
  value = 2;
}

int main(int, char** arguments) {
  const std::string_view what = arguments[2];
  racy = std::string_view(arguments[1]) == "racy";
  if (what == "processors") processors();
  if (what == "thread") thread();
  if (what == "blocking") blocking();
  if (what == "runs") runs();
  if (what == "nested") nested();
  if (what == "group") group();
  std::printf("value %d\n", value);
}
// RACY: WARNING: FiberSan: data race
// RACY: by fiber {{[12]}}
// RACY: reported {{[0-9]+}} warnings; precision: exact
// FREED: WARNING: FiberSan: heap-use-after-free race
// FREED: reported {{[0-9]+}} warnings
// SAFE: value 2
