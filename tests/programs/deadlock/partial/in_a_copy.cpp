// Where there is much to search, a copy of the process is searched: the same is found, and nobody
// sees the copy. A channel at the end of a long list, and one that only shared memory refers to,
// are reached there, too. With thousands of fibers even who waits is looked up in the copy.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 1 2>&1 | FileCheck %s --implicit-check-not=WARNING --check-prefixes=CHECK,COPIED
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0:deadlock_copy=0 %run %t 1 2>&1 | FileCheck %s --implicit-check-not=WARNING --check-prefixes=CHECK,HERE
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 5000 2>&1 | FileCheck %s --implicit-check-not=WARNING --check-prefixes=MANY,COPIED
// RUN: env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t 0 2>&1 | FileCheck %s --implicit-check-not=WARNING --check-prefixes=NONE,COPIED
#include <fiber/fiber.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "../../found.h"

using Channel = fiber::Channel<int>;

struct Node {
  Node* next = nullptr;
  Channel* channel = nullptr;
  char bytes[100] = {};
};
Node* list;

[[gnu::noinline]] Channel* waited_for(fiber::WaitGroup& all) {
  auto* channel = new Channel;
  all.go([channel] { channel->receive(); });
  return channel;
}

[[gnu::noinline]] void build(fiber::WaitGroup& all, Channel** shared) {
  list = new Node;
  list->channel = waited_for(all);
  for (int i = 0; i < 100'000; ++i) list = new Node{list};
  *shared = waited_for(all);
}

[[gnu::noinline]] void lose(int count) {
  Channel never;
  for (int i = 0; i < count; ++i) fiber::go([never] { never.receive(); });
}

bool has_child() { return waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

int main(int, char** arguments) {
  const int lost = std::atoi(arguments[1]);
  return fiber::run([=] {
    auto** shared = static_cast<Channel**>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    fiber::WaitGroup all;
    fiber::spawn([&] { build(all, shared); }).join();
    fiber::spawn([=] { lose(lost); }).join();
    if (lost != 0) print_found(static_cast<std::size_t>(lost));
    bool children = false;
    const auto copied = [] { return fiber::stats().deadlock_checks_copied; };
    for (int i = 0; lost == 0 && copied() < 3 && i < 1000; ++i) {
      fiber::sleep_for(std::chrono::milliseconds(10));
      children = children || has_child();
    }
    std::printf("%s, %s\n", copied() != 0 ? "copied" : "here",
                children || has_child() ? "with a child" : "without a child");
    std::fflush(stdout);
    while (list->next != nullptr) list = list->next;
    list->channel->close();
    (*shared)->close();
    all.wait();
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK: found 1
// An old word in the frame of a worker may hide the one channel of many until the run is over.
// MANY-DAG: WARNING: FiberSan: partial deadlock
// MANY-DAG: Fibers {{.*}} (5000 in all) wait: chan receive
// MANY-DAG: found {{0|5000}}
// COPIED-DAG: copied, without a child
// HERE: here, without a child
// CHECK: FiberSan: reported 1 warnings; precision: exact
// MANY: FiberSan: reported 1 warnings; precision: exact
// NONE-NOT: {{.}}
