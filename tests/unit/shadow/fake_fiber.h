// fake_fiber.h: fibers without a runtime: the test says who executes which hooks, one after
// the other on its own thread.
#ifndef FIBERSAN_TESTS_UNIT_SHADOW_FAKE_FIBER_H
#define FIBERSAN_TESTS_UNIT_SHADOW_FAKE_FIBER_H

#include <gtest/gtest.h>

#include "detector/abi/hooks.h"
#include "detector/race/memory.h"
#include "detector/race/thread.h"
#include "tests/unit/shadow/recorded_races.h"

namespace fibersan {

// Created by the main thread: nothing orders two of them.
class FakeFiber {
 public:
  FakeFiber() {
    static uint64_t ids = 1;
    fiber_ = __fsan_fiber_created(ids++, nullptr, stack_, stack_ + sizeof stack_,
                                  stack_ + sizeof stack_, nullptr);
  }
  ~FakeFiber() { end(); }
  FakeFiber(const FakeFiber&) = delete;
  FakeFiber& operator=(const FakeFiber&) = delete;

  // Executes `body` in the fiber's name; returns how many races it reported.
  template <typename Body>
  int run(Body&& body) {
    const int before = recorded.races;
    __fsan_fiber_switched_in(fiber_);
    body();
    __fsan_fiber_switched_out(fiber_);
    __fsan_fiber_switched_in(this_thread.own);
    return recorded.races - before;
  }
  void end() {
    if (fiber_ != nullptr) __fsan_fiber_ended(fiber_);
    fiber_ = nullptr;
  }
  // It is stopped where it is when the run ends, or goes on in a blocking call.
  void leave_to_the_run() { fiber_ = nullptr; }
  void outlast_the_run() {
    goes_on_after_the_run();
    fiber_ = nullptr;
  }
  void goes_on_after_the_run() { __fsan_fiber_abandoned(fiber_); }

 private:
  char stack_[256];
  fsan_fiber* fiber_ = nullptr;
};

// Each test begins with clean cells, and with what the hooks reported forgotten.
class HooksTest : public ::testing::Test {
 public:
  static char* bytes() { return data; }

 protected:
  static constexpr size_t kBytes = 4096;

  void SetUp() override {
    recorded = {};
    memory_allocated(reinterpret_cast<uintptr_t>(data), kBytes);
    __fsan_memory_forgotten(sync, sizeof sync);
  }

  // Two fibers that nothing orders but the bodies: races reported by the second.
  template <typename First, typename Second>
  int races_of(First&& first, Second&& second) {
    FakeFiber a;
    FakeFiber b;
    EXPECT_EQ(a.run(first), 0);
    return b.run(second);
  }

  alignas(16) static inline char data[kBytes];
  alignas(16) static inline int sync[64];
};

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_SHADOW_FAKE_FIBER_H
