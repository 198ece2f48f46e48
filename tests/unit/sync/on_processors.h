// on_processors.h: runs a test's body in a world of fibers, on few and on many processors.
#ifndef FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H
#define FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H

#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace fiber_test {

using namespace std::chrono_literals;

// More processors than CPUs: then the kernel preempts anywhere.
inline void on_processors(const std::function<void()>& body) {
  for (unsigned procs : {1U, 2U, 4U, 16U}) {
    SCOPED_TRACE(testing::Message() << "procs=" << procs);
    fiber::run([&] { body(); }, {.procs = procs});
    if (testing::Test::HasFailure()) return;
  }
}

inline void in_fibers(const std::function<void()>& body) {
  fiber::run([&] { body(); }, {.procs = 2});
}

// Long enough for every other fiber to reach its wait on a busy machine.
inline void let_others_block() {
  for (int i = 0; i < 100; ++i) fiber::yield();
  fiber::sleep_for(2ms);
}

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H
