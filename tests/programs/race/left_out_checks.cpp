// Accesses whose check one could think is spared by another check of the same bytes: in between
// something is ordered, or the other access never comes. Each races by itself alone; ordered by
// a join (-DFIXED) none does.
//
// RUN: %fibersan -O2 %s -o %t && not %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --allow-empty --check-prefix=FIXED
// FIXED-NOT: WARNING

#include <fiber/fiber.h>

#include <atomic>
#include <csetjmp>
#include <cstdio>

#include "../turn.h"

std::atomic<int> published;
bool yes = true;
bool volatile no = false;

[[gnu::noinline]] void publish() { published.store(1, std::memory_order_release); }
void (*volatile publish_by_pointer)() = publish;
[[gnu::noinline]] void publish_and_throw(bool how) {
  if (!how) return;
  publish();
  throw 1;
}
[[gnu::noinline]] void throw_if(bool how) {
  if (how) throw 1;
}

// The write before is published, the one after is not.
volatile int at_once, through_pointer, in_one_branch, in_loop, before_throw, by_fence, around_jump;

[[gnu::noinline]] void publish_at_once() {
  at_once = 1;
  published.store(1, std::memory_order_release);
  at_once = 2;
}
[[gnu::noinline]] void publish_through_pointer() {
  through_pointer = 1;
  publish_by_pointer();
  through_pointer = 2;
}
[[gnu::noinline]] void publish_in_one_branch() {
  in_one_branch = 1;
  if (yes) publish();
  in_one_branch = 2;
}
[[gnu::noinline]] void publish_in_loop() {
  in_loop = 1;
  for (int i = 0; i < 2; ++i) {
    in_loop = 2;
    if (i == 0) publish();
  }
}
[[gnu::noinline]] void publish_before_throw() {
  before_throw = 1;
  try {
    publish_and_throw(yes);
  } catch (int) {
    before_throw = 2;
  }
}
[[gnu::noinline]] void publish_by_fence() {
  by_fence = 1;
  std::atomic_thread_fence(std::memory_order_release);
  by_fence = 2;
  published.store(1, std::memory_order_relaxed);
}
[[gnu::noinline]] void publish_around_jump() {
  std::jmp_buf back;
  around_jump = 1;
  if (setjmp(back) == 0) {
    publish();
    longjmp(back, 1);
  }
  around_jump = 2;
}

// The read is followed by a write that is ordered, or that never comes.
volatile int then_acquires, then_leaves, then_throws, then_loops;
std::atomic<int> other_published;

[[gnu::noinline]] void read_then_acquire() {
  int value = then_acquires;
  if (other_published.load(std::memory_order_acquire) == 1) value += 1;
  then_acquires = value;
}
[[gnu::noinline]] void read_then_leave() {
  const int value = then_leaves;
  if (yes) return;
  then_leaves = value;
}
[[gnu::noinline]] void read_then_throw() {
  const int value = then_throws;
  throw_if(yes);
  then_throws = value;
}

// What the other side did before it was published is known, here to the main fiber.
void read_after(void (*writer)(), volatile int& cell) {
  Turn turn;
  published = 0;
  auto handle = fiber::spawn([&] {
    writer();
    turn.done();
  });
#ifdef FIXED
  handle.join();
  (void)cell;
#else
  turn.after(1);
  (void)published.load(std::memory_order_acquire);
  (void)cell;
  handle.join();
#endif
}

void write_before(void (*reader)(), volatile int& cell) {
  Turn turn;
  auto handle = fiber::spawn([&] {
#ifndef FIXED
    turn.after(1);
#else
    while (other_published.load(std::memory_order_acquire) != 1) fiber::yield();
#endif
    try {
      reader();
    } catch (int) {
    }
  });
  cell = 1;
  other_published.store(1, std::memory_order_release);
  turn.done();
  handle.join();
  other_published = 0;
}

int main() {
  return fiber::run([] {
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'at_once'
    read_after(publish_at_once, at_once);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'through_pointer'
    read_after(publish_through_pointer, through_pointer);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'in_one_branch'
    read_after(publish_in_one_branch, in_one_branch);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'in_loop'
    read_after(publish_in_loop, in_loop);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'before_throw'
    read_after(publish_before_throw, before_throw);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'by_fence'
    read_after(publish_by_fence, by_fence);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'around_jump'
    read_after(publish_around_jump, around_jump);

    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'then_acquires'
    write_before(read_then_acquire, then_acquires);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'then_leaves'
    write_before(read_then_leave, then_leaves);
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'then_throws'
    write_before(read_then_throw, then_throws);

    // The run ends while it still loops.
    // CHECK: WARNING: FiberSan: data race
    // CHECK: Location is global 'then_loops'
    Turn turn;
    auto handle = fiber::spawn([&] {
      const int value = then_loops;
      turn.done();
      while (!no) {
      }
      then_loops = value;
    });
    turn.after(1);
#ifndef FIXED
    then_loops = 1;
#endif
    handle.detach();
  });
}
