// steps.h: what tests of edges share: fibers that take their steps in a fixed order in time, and
// values that look at who destroys them.
#ifndef FIBERSAN_TESTS_UNIT_SYNC_STEPS_H
#define FIBERSAN_TESTS_UNIT_SYNC_STEPS_H

#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "edge_model.h"

namespace fiber_test {

// Orders steps of fibers for the test alone: no edge.
class Steps {
 public:
  void wait_for(int step) const {
    while (step_ < step) fiber::yield();
  }
  void next() { ++step_; }

 private:
  std::atomic<int> step_{0};
};

// Its destroyer comes after `made`.
struct DestroyedAfter {
  explicit DestroyedAfter(const edge_model::Event* event) : made(event) {}
  DestroyedAfter(DestroyedAfter&& other) noexcept : made(std::exchange(other.made, nullptr)) {}
  ~DestroyedAfter() {
    if (made == nullptr) return;
    EXPECT_TRUE(edge_model::before_here(*made));
    ++destroyed;
  }
  const edge_model::Event* made;
  static inline std::atomic<int> destroyed{0};
};

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_SYNC_STEPS_H
