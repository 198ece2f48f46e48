// Locks in different orders that can never block each other: nothing is reported. What takes each
// of them over the line is in ../../deadlock/lock_order/structures.cpp.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=precision
#include <fiber/fiber.h>

#include <cstdio>
#include <deque>
#include <mutex>
#include <shared_mutex>

#include "../../turn.h"

fiber::Mutex a, b, c, gate;
fiber::RwMutex shared, other_shared;

template <typename Outer, typename Inner>
void nested(Outer& outer, Inner& inner) {
  std::scoped_lock first(outer);
  std::scoped_lock second(inner);
}

void one_order_and_one_fiber() {
  in_turn([] { nested(a, b); }, [] { nested(b, c); }, [] { nested(a, c); });
  in_turn([] { nested(gate, shared), nested(shared, gate); });
}

void behind_a_gate() {
  static fiber::Mutex a, b;
  auto gated = [](fiber::Mutex& outer, fiber::Mutex& inner) {
    std::scoped_lock held(gate);
    nested(outer, inner);
  };
  in_turn([=] { gated(a, b); }, [=] { gated(b, a); });
}

void ordered_otherwise() {
  static fiber::Mutex a, b;
  fiber::spawn([] { nested(a, b); }).join();
  nested(b, a);
  fiber::spawn([] { nested(a, b); }).join();
  fiber::WaitGroup group;
  group.go([] { nested(b, a); });
  group.wait();
  fiber::Channel<int> channel(1);
  in_turn(
      [=]() mutable {
        nested(a, b);
        channel.send(1);
      },
      [=]() mutable {
        channel.receive();
        nested(b, a);
      });
}

void ordered_by_counting() {
  static fiber::Mutex a, b;
  fiber::WaitGroup first;
  first.add(1);
  in_turn(
      [&] {
        nested(a, b);
        first.done();
      },
      [&] {
        first.wait();
        nested(b, a);
      });
}

void tried() {
  static fiber::Mutex a, b;
  auto tries = [](fiber::Mutex& outer, fiber::Mutex& inner) {
    std::scoped_lock first(outer);
    std::unique_lock second(inner, std::try_to_lock);
    if (inner.try_lock_for(std::chrono::milliseconds(1))) inner.unlock();
  };
  in_turn([=] { tries(a, b); }, [=] { tries(b, a); }, [] { std::scoped_lock both(a, b); },
          [] { std::scoped_lock both(b, a); });
}

void readers() {
  auto reads = [](fiber::RwMutex& outer, fiber::RwMutex& inner) {
    std::shared_lock first(outer);
    std::shared_lock second(inner);
  };
  in_turn([=] { reads(shared, other_shared); }, [=] { reads(other_shared, shared); });
}

// Three locks in a circle, by two fibers.
void two_fibers() {
  static fiber::Mutex a, b, c;
  in_turn([] { nested(a, b); }, [] { nested(b, c), nested(c, a); });
}

// The same places in memory, other locks.
void other_locks() {
  for (int round = 0; round < 20; ++round) {
    std::deque<fiber::Mutex> own(2);
    in_turn([&] { nested(own[round % 2], own[1 - round % 2]); });
  }
}

// The lock is given back during a wait, and what is taken within is not.
void condition() {
  static fiber::Mutex a, b;
  static fiber::ConditionVariable changed;
  static bool ready = false;
  in_turn([] { nested(a, b); },
          [] {
            std::unique_lock lock(a);
            fiber::go([] {
              std::scoped_lock inner(b);
              ready = false;
            });
            changed.wait_for(lock, std::chrono::milliseconds(1), [] { return ready; });
          });
}

int main() {
  return fiber::run([] {
    one_order_and_one_fiber();
    behind_a_gate();
    ordered_otherwise();
    ordered_by_counting();
    tried();
    readers();
    two_fibers();
    other_locks();
    condition();
    std::puts("done");
  });
}
// CHECK: done
