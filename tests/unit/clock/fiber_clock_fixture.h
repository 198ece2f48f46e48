// fiber_clock_fixture.h: a main fiber and children; checks at the end that nothing leaked.
#ifndef FIBERSAN_TESTS_UNIT_CLOCK_FIBER_CLOCK_FIXTURE_H
#define FIBERSAN_TESTS_UNIT_CLOCK_FIBER_CLOCK_FIXTURE_H

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "detector/clock/fiber_clock.h"

namespace fibersan {

class FiberClockTest : public testing::Test {
 protected:
  void SetUp() override { main.start({}, 0, 1); }
  void TearDown() override {
    if (main.started()) main.end();
    lane_table.reset();
    EXPECT_EQ(Clock::live_nodes(), 0u);
    EXPECT_EQ(LaneList::live_chunks(), 0u);
  }
  // A child of `parent` that has started.
  static std::unique_ptr<FiberClock> child_of(FiberClock& parent, unsigned processor = 0) {
    auto child = std::make_unique<FiberClock>();
    child->start(parent.spawn(), processor, 2);
    return child;
  }
  static Stamp access(FiberClock& fiber) {
    fiber.touched();
    return with_mask(fiber.stamp(), 0xff);
  }

  FiberClock main;
};

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_CLOCK_FIBER_CLOCK_FIXTURE_H
