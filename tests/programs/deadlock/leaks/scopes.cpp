// fiber::LeakScope: who is left behind of the fibers that were created in a scope, directly or by
// these; not who was created at the same time by others. Inside and around run(), under the
// detector; a plain build does nothing.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,FINDING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,FINDING
// RUN: %exits 66 env FIBER_OPTIONS=procs=4 %run %t 2>&1 | FileCheck %s --check-prefixes=CHECK,FINDING
// RUN: echo 'leak:scopes.cpp' > %t.all && env FIBERSAN_OPTIONS=suppressions='"'%t.all'"' %run %t suppressed 2>&1 | FileCheck %s --check-prefix=SUPPRESSED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1:preempt_ms=0 %run %t starved 2>&1 | FileCheck %s --check-prefix=SUPPRESSED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain nothing 2>&1 | FileCheck %s --check-prefix=SUPPRESSED
#include <fiber/fiber.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using std::chrono::milliseconds;

bool suppressed = false;
fiber::Channel<int> never, later;  // globals: no partial deadlock

void expect(const char* what, size_t found, size_t expected) {
  if (found == (suppressed ? 0 : expected)) return;
  std::printf("%s: %zu leaks, expected %zu\n", what, found, expected);
  std::exit(1);
}

std::atomic<int> begun{0};

__attribute__((noinline)) void leak() {
  begun.fetch_add(1);
  never.receive();
}

void direct_and_inherited() {
  fiber::LeakScope scope("inherited");
  fiber::go([] {
    fiber::go([] { leak(); });
    leak();
  });
  fiber::after_func(milliseconds(1), [] { leak(); });
  while (begun.load() != 3) fiber::yield();
  expect("inherited", scope.check(), 3);
  expect("inherited, again", scope.check(), 3);
}

void silent() {
  fiber::LeakScope scope("silent");
  fiber::go([] { fiber::sleep_for(std::chrono::hours(1)); });
  fiber::go([] { never.receive_for(std::chrono::hours(1)); });
  // Ends within the grace.
  fiber::go([] { later.receive(); });
  fiber::go([] {
    fiber::sleep_for(milliseconds(10));
    later.send(1);
  });
  // Wait again and again, never for long.
  fiber::Channel<int> there, back;
  std::atomic<int> ended{0};
  std::atomic<bool> enough{false};
  fiber::go([&, there, back] {
    while (!enough.load()) {
      there.send(1);
      back.receive();
    }
    there.close();
    ended.fetch_add(1);
  });
  fiber::go([&, there, back] {
    while (there.receive()) back.send(1);
    ended.fetch_add(1);
  });
  expect("silent", scope.check(), 0);
  enough.store(true);
  while (ended.load() != 2) fiber::yield();
}

// Tests in parallel in one process: each sees its own fibers only.
void in_parallel() {
  fiber::WaitGroup tests;
  for (size_t i = 0; i < 4; ++i) {
    tests.go([i] {
      fiber::LeakScope scope("parallel");
      for (size_t j = 0; j < i; ++j) fiber::go([] { leak(); });
      expect("parallel", scope.check(), i);
    });
  }
  tests.wait();
}

void nested() {
  fiber::LeakScope outer("outer");
  fiber::Channel<int> go_on;
  {
    fiber::LeakScope inner("inner");
    fiber::go([] { leak(); });
    fiber::go([=] {
      while (!go_on.receive_for(std::chrono::hours(1))) {
      }
      leak();
    });
    expect("inner", inner.check(), 1);
  }
  go_on.send(1);
  expect("outer", outer.check(), 1);
}

// The only processor computes for longer than the grace, before who wakes the one that waits.
void starved() {
  fiber::LeakScope scope("starved");
  fiber::Channel<int> channel;
  fiber::go([channel] { channel.receive(); });
  fiber::go([] {
    const auto end = std::chrono::steady_clock::now() + milliseconds(300);
    while (std::chrono::steady_clock::now() < end) {
    }
  });
  fiber::go([=] {
    for (int i = 0; i < 10; ++i) fiber::yield();
    channel.send(1);
  });
  expect("starved", scope.check(), 0);
}

int main(int argc, char** argv) {
  suppressed = argc > 1;
  if (suppressed && std::strcmp(argv[1], "starved") == 0) {
    fiber::run(starved);
    std::puts("done");
    return 0;
  }
  fiber::LeakScope around("around");
  fiber::run([] {
    never = fiber::Channel<int>();
    later = fiber::Channel<int>();
    direct_and_inherited();
    silent();
    in_parallel();
    nested();
    fiber::go([] { leak(); });
  });
  expect("around", around.check(), 1);
  std::puts("done");
}
// FINDING: WARNING: FiberSan: fiber leak
// FINDING: Fiber {{[0-9]+}} waits: chan receive on channel {{.*}}unbuffered)
// FINDING: [created in leak scope 'inherited' and still blocked at its end]
// FINDING: [created in leak scope 'parallel' and still blocked at its end]
// FINDING: [created in leak scope 'inner' and still blocked at its end]
// FINDING: [created in leak scope 'outer' and still blocked at its end]
// FINDING: [created in leak scope 'around' and still blocked at its end]
// FINDING: FiberSan: reported {{[0-9]+}} warnings; precision: exact
// CHECK: done
// SUPPRESSED-NOT: FiberSan
// SUPPRESSED: done
