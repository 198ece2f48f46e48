// Potential deadlocks in all shapes, each a finding by itself. What keeps each of them from being
// one is in ../../no_deadlock/lock_order/structures.cpp.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t three 2>&1 | FileCheck %s --check-prefix=THREE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t hundred 2>&1 | FileCheck %s --check-prefix=HUNDRED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t read_write 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t other_gate 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t read_gate 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t tried_outer 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t after_channel 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
// RUN: %exits 66 %run %t same_code 2>&1 | FileCheck %s --check-prefix=ONE --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstring>
#include <deque>
#include <mutex>
#include <shared_mutex>

#include "../../turn.h"

fiber::Mutex a, b, c, gate, other_gate;
fiber::RwMutex shared, shared_gate;

void nested(fiber::Mutex& outer, fiber::Mutex& inner) {
  std::scoped_lock first(outer);
  std::scoped_lock second(inner);
}

void three() {
  in_turn([] { nested(a, b); }, [] { nested(b, c); }, [] { nested(c, a); });
}
// THREE: WARNING: FiberSan: lock-order inversion (potential deadlock)
// THREE-NEXT: Cycle in lock order: M1 ({{.*}}) 'c' => M2 ({{.*}}) 'a' => M3 ({{.*}}) 'b' => M1
// THREE-COUNT-3: while it held
// THREE: reported 1 warnings; precision: exact

// Held locks are known however many there are: the first one and the last.
void hundred() {
  static std::deque<fiber::Mutex> many(100);
  auto all = [] {
    std::deque<std::unique_lock<fiber::Mutex>> held;
    for (fiber::Mutex& one : many) held.emplace_back(one);
    std::scoped_lock last(a);
  };
  in_turn(all, [] { nested(a, many.front()); }, [] { nested(a, many.back()); });
}
// HUNDRED-COUNT-2: WARNING: FiberSan: lock-order inversion (potential deadlock) (pid=
// HUNDRED: reported 2 warnings; precision: exact

void read_write() {
  in_turn(
      [] {
        std::shared_lock first(shared);
        std::scoped_lock second(a);
      },
      [] {
        std::scoped_lock first(a);
        std::scoped_lock second(shared);
      });
}

void other_gates() {
  in_turn(
      [] {
        std::scoped_lock held(gate);
        nested(a, b);
      },
      [] {
        std::scoped_lock held(other_gate);
        nested(b, a);
      });
}

// Two readers are within it at once.
void read_gate() {
  in_turn(
      [] {
        std::shared_lock held(shared_gate);
        nested(a, b);
      },
      [] {
        std::shared_lock held(shared_gate);
        nested(b, a);
      });
}

// The lock that is tried blocks nobody, but who has it may wait for another one.
void tried_outer() {
  auto tries = [](fiber::Mutex& outer, fiber::Mutex& inner) {
    std::unique_lock first(outer, std::try_to_lock);
    if (first) std::scoped_lock second(inner);
  };
  in_turn([=] { tries(a, b); }, [=] { tries(b, a); });
}

// Ordered once, and not when it comes again.
void after_channel() {
  fiber::Channel<int> first_done(1);
  in_turn(
      [=]() mutable {
        nested(a, b);
        first_done.send(1);
        nested(a, b);
      },
      [=]() mutable {
        first_done.receive();
        nested(b, a);
      });
}

// Locks of other objects, in the same places.
void same_code() {
  static std::deque<fiber::Mutex> many(8);
  for (size_t i = 0; i < many.size(); i += 2)
    in_turn([i] { nested(many[i], many[i + 1]); }, [i] { nested(many[i + 1], many[i]); });
}
// ONE: WARNING: FiberSan: lock-order inversion (potential deadlock) (pid=
// ONE: reported 1 warnings; precision: exact

int main(int, char** arguments) {
  const auto wanted = [&](const char* name) { return std::strcmp(arguments[1], name) == 0; };
  return fiber::run([&] {
    if (wanted("three")) three();
    if (wanted("hundred")) hundred();
    if (wanted("read_write")) read_write();
    if (wanted("other_gate")) other_gates();
    if (wanted("read_gate")) read_gate();
    if (wanted("tried_outer")) tried_outer();
    if (wanted("after_channel")) after_channel();
    if (wanted("same_code")) same_code();
  });
}
