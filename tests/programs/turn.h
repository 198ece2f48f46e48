// turn.h: puts the steps of several fibers into a fixed order in time.
//
// Adds no happens-before edge: relaxed atomics and yields only. So a race between two
// steps is found in every run, and always with the same one as the current access.
#ifndef FIBERSAN_TESTS_PROGRAMS_TURN_H
#define FIBERSAN_TESTS_PROGRAMS_TURN_H

#include <fiber/fiber.h>

#include <atomic>

class Turn {
 public:
  // Returns once step `step` is done.
  void after(int step) const {
    while (!is_done(step)) fiber::yield();
  }
  bool is_done(int step) const { return done_.load(std::memory_order_relaxed) >= step; }
  // Adds one to the steps that are done.
  void done() { done_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<int> done_{0};
};

// Each step in a fiber of its own, one after the other, and nothing orders them but what they do.
template <typename... F>
void in_turn(F... steps) {
  Turn turn;
  int step = 0;
  fiber::WaitGroup group;
  auto start = [&](auto f) {
    group.go([&turn, f, step]() mutable {
      turn.after(step);
      f();
      turn.done();
    });
    ++step;
  };
  (start(steps), ...);
  group.wait();
}

#endif  // FIBERSAN_TESTS_PROGRAMS_TURN_H
