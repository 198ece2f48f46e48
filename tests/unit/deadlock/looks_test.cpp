// When a fiber that is dead is reported: after two looks in a row, once.
#include <gtest/gtest.h>

#include <time.h>

#include "detector/heap/block_table.h"
#include "detector/process/options.h"
#include "tests/unit/deadlock/small_world.h"

namespace fibersan {
namespace {

// One fiber that waits for a channel, in the detector's own table; globals are the test's own.
class Looks : public ::testing::Test {
 protected:
  Looks() {
    options.report_bugs = 0;
    channel_ = static_cast<uintptr_t*>(map_memory(4096, "a test"));
    heap_blocks.add(address_of(channel_), 64, 0, 0);
    fiber_ = &world_.receives(channel_);
    live_ = &world_.live();
  }
  ~Looks() override { options.report_bugs = 1; }

  void reach(bool reached) { live_->frames()[0] = reached ? address_of(channel_) : 0; }
  // The suspects, and how many were reported.
  std::pair<size_t, size_t> look(bool run_is_over = false) {
    const fsan_world_fiber fibers[] = {fiber_->world, live_->world};
    const fsan_world world = {.fibers = fibers,
                              .fiber_count = 2,
                              .threads = nullptr,
                              .thread_count = 0,
                              .roots = nullptr,
                              .root_count = 0,
                              .run_is_over = run_is_over ? 1 : 0,
                              .leak_scope = nullptr,
                              .leaks = nullptr,
                              .leak_count = 0};
    __fsan_world_stops();
    const size_t suspects = __fsan_world_stopped(&world);
    return {suspects, __fsan_world_moves_again()};
  }
  static void wait_between_looks() {
    timespec left = {0, 110'000'000};
    while (nanosleep(&left, &left) != 0) {
    }
  }
  using Result = std::pair<size_t, size_t>;

  SmallWorld world_;
  uintptr_t* channel_;
  SmallWorld::Fiber* fiber_;
  SmallWorld::Fiber* live_;
};

TEST_F(Looks, TwoInARowAHundredMillisecondsApart) {
  EXPECT_EQ(look(), Result(1, 0));
  EXPECT_EQ(look(), Result(1, 0)) << "too soon";
  wait_between_looks();
  EXPECT_EQ(look(), Result(1, 1));
  EXPECT_EQ(look(), Result(0, 0)) << "reported before";
  reach(true);
  EXPECT_EQ(look(), Result(0, 0));
  reach(false);
  EXPECT_EQ(look(true), Result(0, 0)) << "still the same wait";
}

TEST_F(Looks, AnotherWaitBeginsAnew) {
  EXPECT_EQ(look(), Result(1, 0));
  wait_between_looks();
  ++fiber_->world.wait;
  EXPECT_EQ(look(), Result(1, 0));
}

TEST_F(Looks, OneThatFoundItAliveBeginsAnew) {
  EXPECT_EQ(look(), Result(1, 0));
  reach(true);
  EXPECT_EQ(look(), Result(0, 0));
  wait_between_looks();
  reach(false);
  EXPECT_EQ(look(), Result(1, 0));
}

TEST_F(Looks, OneWhenTheRunIsOver) { EXPECT_EQ(look(true), Result(1, 1)); }

TEST_F(Looks, ASelectWithoutCasesIsNoFinding) {
  fiber_->detector.waiting.reason = FSAN_WAIT_SELECT;
  fiber_->detector.waiting.count = 0;
  EXPECT_EQ(look(true), Result(0, 0));
}

// More than any machine has memory for.
TEST(Leaks, AreCountedWithoutMemoryToNameThem) {
  constexpr size_t kMany = size_t{1} << 42;
  const fsan_world world = {.fibers = nullptr,
                            .fiber_count = 0,
                            .threads = nullptr,
                            .thread_count = 0,
                            .roots = nullptr,
                            .root_count = 0,
                            .run_is_over = 0,
                            .leak_scope = "large",
                            .leaks = nullptr,
                            .leak_count = kMany};
  __fsan_world_stops();
  static_cast<void>(__fsan_world_stopped(&world));
  testing::internal::CaptureStderr();
  EXPECT_EQ(__fsan_world_moves_again(), kMany);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no memory"), std::string::npos);
}

}  // namespace
}  // namespace fibersan
