// on_processors.h: runs a test's body in a world of fibers, on few and on many processors.
#ifndef FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H
#define FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H

#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "tests/unit/worlds.h"

namespace fiber_test {

using namespace std::chrono_literals;

// More processors than CPUs: then the kernel preempts anywhere.
inline void on_processors(const std::function<void()>& body) { on_each_of({1, 2, 4, 16}, body); }

// Until every other fiber waits: nobody runs and nobody is in a queue, seen twice, for a fiber on
// its way from one to the other is in neither. Gives up where somebody never waits.
inline void let_others_block() {
  for (int quiet = 0, tries = 0; quiet < 2 && tries < 100; ++tries) {
    for (int i = 0; i < 100; ++i) fiber::yield();
    fiber::sleep_for(1ms);
    const fiber::Stats now = fiber::stats();
    quiet = now.fibers_running <= 1 && now.fibers_runnable == 0 ? quiet + 1 : 0;
  }
}

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_SYNC_ON_PROCESSORS_H
