// worlds.h: runs a test's body in a fiber.
#ifndef FIBERSAN_TESTS_UNIT_WORLDS_H
#define FIBERSAN_TESTS_UNIT_WORLDS_H

#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>

namespace fiber_test {

// Once with each number of processors, until one fails.
inline void on_each_of(std::initializer_list<unsigned> processors,
                       const std::function<void()>& body) {
  for (unsigned procs : processors) {
    SCOPED_TRACE(testing::Message() << "procs=" << procs);
    fiber::run([&] { body(); }, {.procs = procs});
    if (testing::Test::HasFailure()) return;
  }
}

inline void in_fibers(const std::function<void()>& body) {
  fiber::run([&] { body(); }, {.procs = 2});
}

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_WORLDS_H
